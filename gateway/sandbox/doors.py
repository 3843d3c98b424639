"""The sandbox's way to the National Portal's mock, and its drop-in door with one account (DESIGN section 6).

The account is the province's; its password lies beside the province's key, its hash among the secrets. Whoever takes
`compat.toml` out of the configuration shuts the door.
"""

import os
import secrets

from gateway.compat.accounts import password_hash
from gateway.sandbox.layout import PROVINCE, Layout

USERNAME, _HASH_FILE = "h99.motcua", "compat-h99.argon2"


def portal_document(url: str) -> str:
    """Return `portal.toml`. The codes of registries are the sandbox's own."""
    return (
        f'url = "{url}"\nunit = "H99"\ncredentials_file = "portal.toml"\n'
        "deadline_s = 3.0\nbatch = 100\nconcurrency = 2\n\n"
        '[databases]\npopulation = "CSDLDC"\ninsurance = "CSDLBH"\ncivil-status = "CSDLHT"\ntax = "CSDLT"\n'
    )


def compat_document() -> str:
    """Return `compat.toml`: one account, from this machine only."""
    return (
        f'[[accounts]]\nusername = "{USERNAME}"\nclient = "{PROVINCE}"\npassword_file = "{_HASH_FILE}"\n'
        'sources = ["127.0.0.0/8", "::1/128"]\nbinds_lookups = false\n'
    )


def new_account(layout: Layout) -> bool:
    """Make the account's password and its hash where there is none yet; return whether that was so."""
    if layout.compat_toml.exists():
        return False
    password = secrets.token_urlsafe(18)
    for path, text in (
        (layout.secrets / _HASH_FILE, f"{password_hash(password)}\n"),
        (layout.compat_toml, f'username = "{USERNAME}"\npassword = "{password}"\n'),
    ):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    return True
