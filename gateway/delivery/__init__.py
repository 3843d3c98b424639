"""Delivery of dossier events to the National Portal: at least once, in order per dossier, once in effect."""
