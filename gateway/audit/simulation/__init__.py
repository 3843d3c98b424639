"""A labelled month of look-ups, to measure what the rules find (issue 4): everything in it is synthetic (DOMAIN 8)."""
