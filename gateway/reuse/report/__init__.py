"""Reports of reuse as tables, files and a page with pictures."""
