"""A push, a read or an outcome is one entry under the configuration in force, and spends its nonce."""

import pytest

from gateway.dossiers.recording import act_draft, caller_of, record
from gateway.evidence.contract import EvidenceUnavailable, Kind, Loss
from gateway.refusals import Refusal


class _Losing:
    """A log that loses as ordered before it takes an entry."""

    def __init__(self, inner, *losses):
        self.inner, self.losses = inner, list(losses)

    async def append(self, draft):
        """Lose, or append."""
        return self.losses.pop(0) if self.losses else await self.inner.append(draft)


def _status(exchange):
    return lambda snapshot: act_draft(exchange, Kind.STATUS, snapshot, outcome="x", sealed={"salt": "00"})


async def test_one_entry_with_proof_and_version(kit, live, memory_evidence):
    """The entry says who, by which key, under which configuration; the proof is sealed beside what is given."""
    exchange = kit.exchange(live.snapshot)
    await record(memory_evidence, live, exchange, _status(exchange))
    (entry,) = memory_evidence.entries
    assert (entry.kind, entry.client, entry.config_version, entry.mode) == (Kind.STATUS, "H99.test", 1, "lookup")
    assert {"signature_base", "signature", "salt"} <= entry.sealed.keys()
    assert entry.nonce == caller_of(exchange).nonce
    assert exchange.nonce_spent


async def test_a_spent_nonce_is_a_replay(kit, live, memory_evidence):
    """The second time nothing is recorded as done."""
    exchange = kit.exchange(live.snapshot)
    await record(memory_evidence, live, exchange, _status(exchange))
    with pytest.raises(Refusal) as caught:
        await record(memory_evidence, live, exchange, _status(exchange))
    assert caught.value.code == "signature-replayed"


async def test_an_older_configuration_is_allowed_anew(kit, live, configured, memory_evidence):
    """After a stale loss the new snapshot decides: a key withdrawn meanwhile is refused."""
    exchange = kit.exchange(live.snapshot)
    configured.apply({**configured.documents, "clients/H99.test.toml": kit.client_file("H99.test", "H99.test-2")})
    with pytest.raises(Refusal) as caught:
        await record(_Losing(memory_evidence, Loss.STALE), live, exchange, _status(exchange))
    assert (caught.value.code, memory_evidence.entries) == ("signature-invalid", [])


async def test_a_new_version_that_still_allows_it(kit, live, configured, memory_evidence):
    """The entry then names the version it was allowed under."""
    exchange = kit.exchange(live.snapshot)
    configured.apply(configured.documents)
    await record(_Losing(memory_evidence, Loss.STALE), live, exchange, _status(exchange))
    assert [entry.config_version for entry in memory_evidence.entries] == [2]


async def test_a_configuration_that_never_rests_ends_in_503(kit, live, memory_evidence):
    """Five times stale is enough."""
    exchange = kit.exchange(live.snapshot)
    with pytest.raises(Refusal) as caught:
        await record(_Losing(memory_evidence, *[Loss.STALE] * 9), live, exchange, _status(exchange))
    assert caught.value.code == "evidence-unavailable"


async def test_without_a_log_nothing_is_done(kit, live, memory_evidence):
    """The refusal is the log's own."""
    memory_evidence.down = True
    exchange = kit.exchange(live.snapshot)
    with pytest.raises(EvidenceUnavailable):
        await record(memory_evidence, live, exchange, _status(exchange))
    assert not exchange.nonce_spent


def test_an_unsigned_exchange_has_no_caller(kit):
    """Only signed routes record as a caller."""
    with pytest.raises(AssertionError):
        caller_of(kit.exchange())
