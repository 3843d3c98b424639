"""Reuse and service quality, measured from dossiers and the log (DESIGN section 6, PROTOCOL section 7)."""
