"""The audit: what explains a look-up, which ones look like misuse, and how much to believe it (THREATS E and F)."""
