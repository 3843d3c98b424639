"""The command line `lienthong`: one module a group of commands."""

from gateway.cli.app import main

__all__ = ["main"]
