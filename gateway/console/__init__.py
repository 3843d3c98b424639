"""The audit console: who looked at whom, why, and was it right (PROTOCOL section 6, THREATS F).

A process of its own, `lienthong console`; pages made on the server, no script. How a screen is added: README of
docs/CONSOLE.md, *Adding a screen*.
"""
