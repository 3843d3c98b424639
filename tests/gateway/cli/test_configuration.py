"""`lienthong check | diff | apply`: every fault named, nothing applied that was not checked."""

import json


def test_a_sound_directory_is_counted(lienthong, layout):
    """`check` says what it found, and with --secrets that every adapter can be built."""
    done = lienthong("check", layout.config)
    assert (done.code, done.out) == (0, "sound: 3 clients, 3 agreements, 4 registries, 12 procedures\n")
    assert lienthong("check", layout.config, "--secrets", layout.secrets).code == 0


def test_every_fault_is_a_line(lienthong, layout):
    """`check` and `apply` name each fault with file and place, and end with 1."""
    path = layout.config / "agreements" / "H99.igate.toml"
    path.write_text(path.read_text().replace('"9.999901", ', '"*", ', 1).replace("daily_quota = 50000000", "", 1))
    for word in ("check", "apply"):
        done = lienthong(word, layout.config)
        assert done.code == 1
        assert "agreements/H99.igate.toml /grants/0/daily_quota: this member is required" in done.err
        assert "nothing was changed" in done.err
        assert "Traceback" not in done.err


def test_applying_puts_in_force_once(lienthong, layout):
    """`apply` makes a version and an entry, a second one changes nothing, and `diff` shows what would change."""
    assert json.loads(lienthong("diff", layout.config, "--json").out)
    first = json.loads(lienthong("apply", layout.config, "--json").out)
    assert first["changed"] is True
    assert json.loads(lienthong("apply", layout.config, "--json").out) == {**first, "changed": False}
    assert lienthong("diff", layout.config).out == "no difference\n"
    path = layout.config / "clients" / "H99.igate.toml"
    path.write_text(path.read_text().replace("suspended = false", "suspended = true"))
    assert "suspended" in lienthong("diff", layout.config).out
    assert json.loads(lienthong("log", "list", "--json").out)[0]["size"] == 1
