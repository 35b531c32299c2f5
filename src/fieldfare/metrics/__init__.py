"""Metrics: how much harm was seen, how fast we were, how often wrong."""
