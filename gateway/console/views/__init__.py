"""The console's screens, one module each, with a `SCREEN`; listed in `gateway.console.registry`."""
