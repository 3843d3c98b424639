"""The evidence log: what was asked, by whom, why, and what became of it, provable to anyone (DESIGN section 3).

`log` appends, `keeper` seals and sweeps, `reads` serves proofs, `audit` recomputes everything. See `contract`
for what the flow hands over and gets back.
"""
