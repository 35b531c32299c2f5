"""Ingest: what hosts send us, validated, de-duplicated and put on the log before we say 202."""
