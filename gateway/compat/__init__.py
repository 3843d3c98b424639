"""The drop-in door: provincial software that speaks the National Portal's own dialect is taken at its word."""
