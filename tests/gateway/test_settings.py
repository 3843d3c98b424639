"""A wrong setting stops the start with one clear line; secrets are files that only their owner reads."""

import pytest

from gateway.settings import Settings, SettingsError, load_settings, require_private_file


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Set a sound environment; the tests then break one thing."""
    for name in ("http.pem", "log.pem"):
        (tmp_path / name).write_text("key")
        (tmp_path / name).chmod(0o600)
    values = {
        "DATABASE_URL": "postgresql://app@localhost/lienthong",
        "PUBLIC_URLS": "https://lienthong.example.gov.vn, http://127.0.0.1:8080",
        "ORIGIN": "lienthong.example.gov.vn/h99",
        "HTTP_KEY": str(tmp_path / "http.pem"),
        "HTTP_KEYID": "answers-1",
        "LOG_KEY": str(tmp_path / "log.pem"),
        "REVEAL_PUBLIC_KEY": str(tmp_path / "reveal.pub.pem"),
        "PSEUDONYM_KEYS": str(tmp_path / "pseudonyms"),
        "SECRETS_DIR": str(tmp_path / "secrets"),
        "CHECKPOINT_PIN": str(tmp_path / "pins"),
    }
    monkeypatch.delenv("LIENTHONG_ENV_FILE", raising=False)
    for name, value in values.items():
        monkeypatch.setenv(f"LIENTHONG_{name}", value)
    return values


def _told():
    with pytest.raises(SettingsError) as refused:
        load_settings()
    line = str(refused.value)
    assert "\n" not in line
    return line


def test_reads_the_environment(environment):
    """Every setting by its name, with defaults for the rest."""
    settings = load_settings()
    assert settings.public_urls == ("https://lienthong.example.gov.vn", "http://127.0.0.1:8080")
    assert settings.public_url == "https://lienthong.example.gov.vn"
    assert (settings.listen, settings.guess_limit, settings.enumeration_limit) == ("127.0.0.1:8080", 10, 150)
    assert settings.database_url == environment["DATABASE_URL"]
    assert settings.proxies == ()


@pytest.mark.usefixtures("environment")
def test_proxies_are_networks(monkeypatch):
    """A list of networks, or of hosts, by comma."""
    monkeypatch.setenv("LIENTHONG_PROXIES", "10.0.0.0/8, 192.0.2.1")
    assert load_settings().proxies == ("10.0.0.0/8", "192.0.2.1")


@pytest.mark.parametrize("name", [name.upper() for name, field in Settings.model_fields.items() if field.is_required()])
def test_a_missing_setting_is_named(environment, monkeypatch, name):
    """The line begins with the setting that is wanted."""
    assert name in environment
    monkeypatch.delenv(f"LIENTHONG_{name}")
    assert _told().startswith(f"LIENTHONG_{name}: not set — ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://app:geheim@localhost/lienthong"),
        ("MIGRATION_URL", "geheim"),
        ("LISTEN", "8080"),
        ("LISTEN", "/run/geheim.sock"),
        ("OPERATIONS_LISTEN", "127.0.0.1:http"),
        ("PUBLIC_URLS", ""),
        ("PUBLIC_URLS", " , "),
        ("PUBLIC_URLS", "lienthong.example.gov.vn"),
        ("PUBLIC_URLS", "ftp://lienthong.example.gov.vn"),
        ("PUBLIC_URLS", "https://lienthong.example.gov.vn/"),
        ("PUBLIC_URLS", "https://lienthong.example.gov.vn/api"),
        ("PUBLIC_URLS", "https://Lienthong.example.gov.vn"),
        ("PUBLIC_URLS", "https://user:geheim@lienthong.example.gov.vn"),
        ("ORIGIN", "Has Spaces"),
        ("ORIGIN", "trailing/"),
        ("ORIGIN", ""),
        ("HTTP_KEYID", ""),
        ("LOG_LEVEL", "loud"),
        ("ENUMERATION_LIMIT", "3"),
        ("GUESS_LIMIT", "0"),
        ("MAX_WAITING", "many"),
        ("PROXIES", "geheim"),
        ("PROXIES", "10.0.0.0/8, 192.0.2.1/24"),
    ],
)
@pytest.mark.usefixtures("environment")
def test_a_wrong_setting_is_named_and_not_repeated(monkeypatch, name, value):
    """One line: which setting, what is wrong with it, and nothing of its value."""
    monkeypatch.setenv(f"LIENTHONG_{name}", value)
    line = _told()
    assert line.startswith(f"LIENTHONG_{name}: ")
    assert "geheim" not in line


@pytest.mark.parametrize("name", ["HTTP_KEY", "LOG_KEY"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(environment, tmp_path, name, mode):
    """The line names the setting, the mode and the remedy."""
    path = tmp_path / environment[name].rsplit("/", 1)[-1]
    path.chmod(mode)
    line = _told()
    assert f"LIENTHONG_{name} can be read by others (mode {mode:04o})" in line
    assert "chmod 600" in line


@pytest.mark.parametrize("name", ["HTTP_KEY", "LOG_KEY"])
def test_a_key_that_is_not_there_says_how_to_make_one(environment, tmp_path, name):
    """The remedy is a command."""
    (tmp_path / environment[name].rsplit("/", 1)[-1]).unlink()
    line = _told()
    assert f"LIENTHONG_{name}: No such file or directory" in line
    assert "lienthong keys new" in line


def test_a_directory_is_no_key(tmp_path):
    """Only a regular file will do."""
    with pytest.raises(ValueError, match="is not a regular file"):
        require_private_file(tmp_path, "LIENTHONG_HTTP_KEY")


def test_settings_come_from_the_file_that_is_named(environment, tmp_path, monkeypatch):
    """`LIENTHONG_ENV_FILE` names it; the environment itself wins over it."""
    for name in environment:
        monkeypatch.delenv(f"LIENTHONG_{name}")
    file = tmp_path / "env"
    file.write_text("".join(f"LIENTHONG_{name}={value}\n" for name, value in environment.items()))
    monkeypatch.setenv("LIENTHONG_ENV_FILE", str(file))
    monkeypatch.setenv("LIENTHONG_LOG_LEVEL", "error")
    assert load_settings().origin == environment["ORIGIN"]
    assert load_settings().log_level == "error"


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("content", [None, b"\x9f\xff"])
def test_a_file_of_settings_that_is_none_is_named(tmp_path, monkeypatch, content):
    """A wrong LIENTHONG_ENV_FILE is told as such, not as a setting that is missing in it."""
    file = tmp_path / "env"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("LIENTHONG_ENV_FILE", str(file))
    assert _told().startswith(f"LIENTHONG_ENV_FILE: {file}: ")


@pytest.mark.usefixtures("environment")
def test_settings_cannot_be_changed():
    """What was read stays."""
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.guess_limit = 1_000_000
