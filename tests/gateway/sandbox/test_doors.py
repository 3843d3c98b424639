"""The sandbox's way to the portal and its door."""

import stat
import tomllib

from gateway.compat.accounts import Accounts
from gateway.sandbox.doors import compat_document, new_account, portal_document
from gateway.sandbox.layout import Layout
from schemas.configuration import load_configuration


def test_documents_are_sound(tmp_path):
    """Both files are read as configuration, and the account's hash is where the door looks for it."""
    layout = Layout(tmp_path)
    (tmp_path / "clients" / "H99.igate").mkdir(parents=True)
    (tmp_path / "secrets").mkdir()
    assert new_account(layout)
    assert not new_account(layout)
    configuration = load_configuration({"portal.toml": portal_document("http://127.0.0.1:9105")})
    assert configuration.portal.unit == "H99"
    account = tomllib.loads(layout.compat_toml.read_text())
    compat = tomllib.loads(compat_document())["accounts"][0]
    assert compat["username"] == account["username"]
    assert stat.S_IMODE(layout.compat_toml.stat().st_mode) == 0o600


async def test_the_password_fits(tmp_path):
    """What lies beside the province's key opens the door."""
    layout = Layout(tmp_path)
    (tmp_path / "clients" / "H99.igate").mkdir(parents=True)
    (tmp_path / "secrets").mkdir()
    new_account(layout)
    client = 'client = "H99.igate"\nname = "x"\nkind = "province"\n'
    pem = "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"
    key = f'[[keys]]\nkeyid = "k"\nalgorithm = "ed25519"\npublic_key = """{pem}"""\n'
    documents = {"compat.toml": compat_document(), "clients/H99.igate.toml": client + key}
    accounts = Accounts(load_configuration(documents).compat, layout.secrets)
    account = tomllib.loads(layout.compat_toml.read_text())
    assert accounts.placed(account["username"], "127.0.0.1", ()) is not None
    assert accounts._hashes[account["username"]].startswith("$argon2id$")
