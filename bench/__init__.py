"""The measurements behind docs/PERFORMANCE.md: bounded in time and count, on loopback only."""
