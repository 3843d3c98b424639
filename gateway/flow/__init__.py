"""The straight line a look-up walks (docs/LOOKUP-CYCLE.md): no step looks back, types forbid skipping one."""
