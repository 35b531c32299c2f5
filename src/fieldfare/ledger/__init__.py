"""The ledger: what proves afterwards that the log was not changed, and what lets a person be
forgotten.
"""
