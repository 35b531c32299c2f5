"""Matching: known content, named lists and normalised text."""
