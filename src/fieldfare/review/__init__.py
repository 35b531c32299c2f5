"""Review: cases, leases, reveals and verdicts of people."""
