"""The sandbox's staff list: two officers, a relative, a protected person, a decoy, so that misuse raises real alerts.

Everything is synthetic (DOMAIN section 8). The example of PROTOCOL section 3 is no misuse of any kind.
"""

OFFICER, COLLEAGUE = "099085000009", "099190000021"
"""Both work at the unit of the example; either may be looked up as a person."""
RELATIVE, PROTECTED = "099160000501", "099070000010"
DECOY = "099191900001"
"""A number that no registry knows (serials from 900000 on): no work leads to it."""
UNIT, STRICT_UNIT = "H99.01", "H98.01"


def staff_document() -> str:
    """Return `staff/sandbox.toml`."""
    return (
        'staff = "sandbox"\n\n'
        f'[[officers]]\nid = "{OFFICER}"\nunit = "{UNIT}"\nhours = "07:30-17:00"\nrelatives = ["{RELATIVE}"]\n\n'
        f'[[officers]]\nid = "{COLLEAGUE}"\nunit = "{UNIT}"\nhours = "07:30-17:00"\n\n'
        f'[[protected]]\nid = "{PROTECTED}"\n\n'
        f'[[decoys]]\nid = "{DECOY}"\n'
    )
