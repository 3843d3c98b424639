"""The configuration in force changes whole, or not at all."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from schemas.configuration import ConfigurationError

CLIENT_FILE = "clients/H99.test.toml"


async def test_loads_what_is_in_force(live):
    """The first snapshot is the store's present version."""
    assert live.snapshot.version == 1


async def test_does_not_start_on_a_bad_configuration(configured):
    """Without a sound configuration there is nothing to serve."""

    async def unwatched(_):
        raise AssertionError("never reached")

    configured.documents["registries/population.toml"] = "registry = 1"
    with pytest.raises(ConfigurationError):
        await LiveConfiguration.load(configured, unwatched)


async def test_takes_over_a_newer_version(live, configured, kit):
    """A new version is in force as soon as it was loaded."""
    configured.apply(kit.documents({"fields": ["sex"]}))
    await live.refresh()
    assert live.snapshot.version == 2
    assert live.snapshot.grants[("H99.test", "population/person")][0].fields == frozenset({"sex"})


async def test_an_unchanged_version_is_left_alone(live):
    """Nothing is rebuilt where nothing changed."""
    before = live.snapshot
    await live.refresh()
    assert live.snapshot is before


async def test_a_bad_new_version_is_kept_out(live, configured, kit):
    """What does not load does not come into force; a later good version does."""
    before = live.snapshot
    configured.apply({**kit.documents(), "registries/population.toml": "this is no TOML ["})
    await live.refresh()
    assert live.snapshot is before
    configured.apply(kit.documents())
    await live.refresh()
    assert live.snapshot.version == 3


@pytest.mark.parametrize("error", [ValueError("/auth: a secret is missing"), OSError(), KeyError("x")])
async def test_a_version_whose_registries_cannot_be_built_is_kept_out(configured, kit, error):
    """A missing secret keeps the old configuration in force."""
    broken = []

    async def on_change(_):
        if broken:
            raise error

    live = await LiveConfiguration.load(configured, on_change)
    broken.append(True)
    configured.apply(kit.documents())
    await live.refresh()
    assert live.snapshot.version == 1


async def test_a_caller_whose_key_stands_is_still_known(live, kit, configured):
    """A new version that leaves a client alone changes nothing for requests under way."""
    caller = kit.caller(live.snapshot)
    configured.apply(kit.documents({"fields": ["sex"]}))
    await live.refresh()
    live.still_known(caller, datetime.now(UTC))


async def test_a_withdrawn_key_stops_a_request_under_way(live, kit, configured):
    """Gone, suspended, revoked, or another key under the same name: the request signed with it is refused."""
    now = datetime.now(UTC)
    caller = kit.caller(live.snapshot)
    replaced = kit.client_file().replace(kit.key().public_key().to_pem(), kit.key("other-1").public_key().to_pem())
    revoked = kit.client_file(extra=f'revoked_at = "{(now - timedelta(seconds=1)).isoformat()}"\n')
    texts = [kit.client_file("H99.test", "H99.test-2"), kit.client_file(suspended=True), revoked, replaced]
    for text in texts:
        configured.apply(kit.documents(**{CLIENT_FILE: text}))
        await live.refresh()
        assert live.snapshot.version == configured.version
        with pytest.raises(Refusal) as refused:
            live.still_known(caller, now)
        assert (refused.value.code, refused.value.reason) == ("signature-invalid", "key-withdrawn")


async def test_a_key_that_moved_to_another_client_stops_a_request_under_way(live, kit, configured):
    """A request never continues as somebody else."""
    caller = kit.caller(live.snapshot)
    documents = kit.documents()
    documents[CLIENT_FILE] = kit.client_file("H99.test", "H99.test-2")
    documents["clients/H98.test.toml"] = kit.client_file("H98.test", "H99.test-1")
    configured.apply(documents)
    await live.refresh()
    with pytest.raises(Refusal):
        live.still_known(caller, datetime.now(UTC))
