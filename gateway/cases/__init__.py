"""Cases: from a suspicion to a verdict that two people stand for, every step in the log."""
