"""A labelled month of look-ups, to measure what the rules find: everything in it is synthetic (DOMAIN 8)."""
