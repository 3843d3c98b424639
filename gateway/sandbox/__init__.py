"""The sandbox: a whole installation on one machine, for trying and for tests (PROTOCOL section 9)."""
