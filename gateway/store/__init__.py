"""The only room that knows PostgreSQL: SQL in files, a bounded pool, sessions, typed ways in (DESIGN section 4)."""
