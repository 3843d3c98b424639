"""The service: it authenticates, grants, records, asks, discloses and answers (docs/LOOKUP-CYCLE.md)."""
