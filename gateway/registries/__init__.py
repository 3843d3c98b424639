"""Step 6 of a look-up: the one call outward, under a breaker, a deadline, a cap and a retry budget."""
