"""Dossiers: events received and kept, states shown, look-ups bound to them (PROTOCOL section 5)."""
