"""The console's settings: a wrong one stops the start with one line."""

import stat
from pathlib import Path

import pytest

from gateway.console.settings import ConsoleSettings, load_console_settings
from gateway.settings import SettingsError

GATEWAYS_OWN = ("LIENTHONG_LOG_KEY", "LIENTHONG_HTTP_KEY", "LIENTHONG_DATABASE_URL", "LIENTHONG_MIGRATION_URL")
DOCUMENT = Path(__file__).parents[3] / "docs" / "CONSOLE.md"


@pytest.mark.usefixtures("console_env")
def test_the_console_has_a_role_of_its_own(database_urls):
    """The installation's settings come back with the console's database URL."""
    console, settings = load_console_settings()
    assert settings.database_url == console.database_url == database_urls.console
    assert len(console.key_bytes()) == 32


@pytest.mark.usefixtures("console_env")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COOKIE_SECURE", "true"),
        ("PUBLIC_URL", "http://console.example.gov.vn"),
        ("PUBLIC_URL", "ftp://127.0.0.1"),
        ("LISTEN", "nowhere"),
        ("DATABASE_URL", "mysql://x"),
        ("IDLE_MINUTES", "0"),
        ("KEY", "/nowhere/console.key"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch, name, value):
    """One line names it; plain-text cookies are for the loopback alone."""
    monkeypatch.setenv(f"LIENTHONG_CONSOLE_{name}", value)
    with pytest.raises(SettingsError, match="LIENTHONG_CONSOLE_") as told:
        load_console_settings()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["console.key", "reveal.pem"])
def test_keys_that_others_can_read_are_refused(console_env, name):
    """A key file is 0600."""
    path = console_env.keys / name
    path.chmod(path.stat().st_mode | stat.S_IROTH)
    with pytest.raises(SettingsError, match="can be read by others"):
        load_console_settings()
    path.chmod(0o600)


def test_a_key_of_another_length_is_refused(console_env):
    """32 bytes, no more and no fewer."""
    (console_env.keys / "console.key").write_bytes(b"short")
    console, _ = load_console_settings()
    with pytest.raises(SettingsError, match="32"):
        console.key_bytes()


@pytest.mark.parametrize("setting", ConsoleSettings.model_fields)
def test_every_setting_is_documented(setting):
    """docs/CONSOLE.md names every setting."""
    assert f"LIENTHONG_CONSOLE_{setting.upper()}" in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.usefixtures("console_env")
def test_the_console_needs_no_private_key_of_the_gateway(console_layout, monkeypatch, tmp_path):
    """Its settings load, and its log opens, from a file that names neither the log's key nor the answers'."""
    kept = [line for line in console_layout.env.read_text().splitlines() if not line.startswith(GATEWAYS_OWN)]
    env = tmp_path / "env"
    env.write_text("\n".join(kept))
    monkeypatch.setenv("LIENTHONG_ENV_FILE", str(env))
    console, installation = load_console_settings()
    keys = console.keys(installation)
    assert keys.verifier.name == installation.origin
    assert not {"log_key", "http_key"} & set(type(installation).model_fields)
