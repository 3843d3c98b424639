"""The values that travel: identifiers, names, dates, envelopes, records, claims, problems, configuration.

Frozen values and pure functions; no I/O, no clock (DESIGN section 1).
"""
