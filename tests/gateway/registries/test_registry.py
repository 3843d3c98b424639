"""One registry under its deadline, cap, breaker and retry budget."""

import asyncio
from time import monotonic

import pytest

from adapters.contract import RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable
from gateway.registries.breaker import State
from gateway.registries.registry import Registry, RetryBudget
from schemas.configuration import Breaker
from schemas.configuration import Registry as Configuration


class Watched:
    """Collects what a registry reports of its calls."""

    def __init__(self):
        self.calls = []

    def __call__(self, registry, outcome, seconds):
        """Note how a call ended."""
        self.calls.append((registry, outcome))
        assert seconds >= 0


@pytest.fixture
def watched():
    """Collect the calls' ends."""
    return Watched()


@pytest.fixture
def make(watched):
    """Make a registry around an adapter."""

    def made(adapter, **changes):
        values = {"registry": "population", "adapter": "population", "url": "http://127.0.0.1:9", "deadline_s": 0.2}
        return Registry(Configuration(**{**values, **changes}), adapter, watched)

    return made


def _refused() -> RegistryUnavailable:
    return RegistryUnavailable("refused", unanswered=True)


async def _hang():
    await asyncio.sleep(60)


async def test_answers_and_reports(make, scripted, answer_found, kit, watched):
    """A sound answer passes through, and the call is counted."""
    adapter = scripted(answer_found())
    registry = make(adapter)
    answer = await registry.ask(kit.grant(), "request-1")
    assert answer.found
    assert watched.calls == [("population", "answered")]
    assert adapter.calls[0][1].request_id == "request-1"
    assert 0 < adapter.calls[0][1].timeout_s <= 0.2
    assert registry.health().calls == 1


async def test_the_deadline_ends_a_hanging_call(make, scripted, kit, watched):
    """A registry that hangs is given up at the deadline, as a timeout."""
    registry = make(scripted(_hang))
    begun = monotonic()
    with pytest.raises(RegistryTimeout):
        await registry.ask(kit.grant(), "r")
    assert 0.15 < monotonic() - begun < 1.0
    assert watched.calls == [("population", "registry-timeout")]
    assert registry.health().failed == 1


async def test_retries_what_was_not_answered(make, scripted, answer_found, kit):
    """A refused connection is tried once more: no byte came, so asking again is safe."""
    adapter = scripted(_refused(), answer_found())
    assert (await make(adapter).ask(kit.grant(), "r")).found
    assert len(adapter.calls) == 2


@pytest.mark.parametrize(
    "error", [RegistryFault("fault"), RegistryInvalid("drift"), RegistryTimeout("deadline"), RegistryUnavailable("eof")]
)
async def test_never_retries_what_may_have_been_answered(make, scripted, answer_found, kit, error):
    """An answer, or part of one, means the registry was asked: it is not asked again."""
    adapter = scripted(error, answer_found())
    with pytest.raises(type(error)):
        await make(adapter).ask(kit.grant(), "r")
    assert len(adapter.calls) == 1


async def test_an_ambiguous_second_try_is_not_tried_again(make, scripted, answer_found, kit):
    """A retry that fails in another way is the end."""
    adapter = scripted(_refused(), RegistryFault("fault"), answer_found())
    with pytest.raises(RegistryFault):
        await make(adapter).ask(kit.grant(), "r")
    assert len(adapter.calls) == 2


async def test_retries_stay_within_a_tenth_of_the_calls(make, scripted, kit):
    """However long a registry refuses, the calls made are at most a tenth more than those wanted, and one."""
    adapter = scripted(_refused())
    registry = make(adapter, breaker=Breaker(min_calls=10_000))
    for _ in range(100):
        with pytest.raises(RegistryUnavailable):
            await registry.ask(kit.grant(), "r")
    assert 100 < len(adapter.calls) <= 111


async def test_a_budget_of_nothing_allows_no_retry(make, scripted, answer_found, kit):
    """With `retry_budget = 0` a refused connection is told as such."""
    adapter = scripted(_refused(), answer_found())
    with pytest.raises(RegistryUnavailable):
        await make(adapter, retry_budget=0.0).ask(kit.grant(), "r")
    assert len(adapter.calls) == 1


async def test_the_breaker_opens_and_fails_fast(make, scripted, kit):
    """Once open, callers are refused at once and the registry is left alone."""
    adapter = scripted(RegistryFault("fault"))
    registry = make(adapter, breaker=Breaker(min_calls=4))
    for _ in range(4):
        with pytest.raises(RegistryFault):
            await registry.ask(kit.grant(), "r")
    assert registry.breaker_state() is State.OPEN
    assert not registry.admits()
    with pytest.raises(RegistryUnavailable):
        registry.ask(kit.grant(), "r").send(None)  # its first step is its last: nothing was waited for
    assert len(adapter.calls) == 4


async def test_invalid_answers_do_not_open_the_breaker(make, scripted, kit):
    """A registry whose answers are wrong is there: waiting would not mend it."""
    registry = make(scripted(RegistryInvalid("drift")), breaker=Breaker(min_calls=2))
    for _ in range(6):
        with pytest.raises(RegistryInvalid):
            await registry.ask(kit.grant(), "r")
    assert registry.breaker_state() is State.CLOSED


async def test_it_recovers_by_one_probe(make, scripted, answer_found, kit):
    """After the pause one call goes through, and a good one closes the breaker."""
    adapter = scripted(RegistryFault("fault"), RegistryFault("fault"), answer_found())
    registry = make(adapter, breaker=Breaker(min_calls=2, probe_after_s=0.05))
    for _ in range(2):
        with pytest.raises(RegistryFault):
            await registry.ask(kit.grant(), "r")
    await asyncio.sleep(0.06)
    assert (await registry.ask(kit.grant(), "r")).found
    assert registry.breaker_state() is State.CLOSED


async def test_a_cancelled_probe_gives_its_place_back(make, scripted, kit):
    """A probe that hangs until the deadline counts as failed, and another may follow later."""
    adapter = scripted(RegistryFault("fault"), RegistryFault("fault"), _hang)
    registry = make(adapter, breaker=Breaker(min_calls=2, probe_after_s=0.05))
    for _ in range(2):
        with pytest.raises(RegistryFault):
            await registry.ask(kit.grant(), "r")
    await asyncio.sleep(0.06)
    with pytest.raises(RegistryTimeout):
        await registry.ask(kit.grant(), "r")
    assert registry.breaker_state() is State.OPEN
    await asyncio.sleep(0.06)
    assert registry.admits()


async def test_the_cap_bounds_calls_under_way_and_callers_waiting(make, scripted, kit):
    """At most `max_concurrent` calls are out, as many wait, and everybody beyond is refused at once."""
    adapter = scripted(_hang)
    registry = make(adapter, max_concurrent=3)
    tasks = [asyncio.create_task(registry.ask(kit.grant(), "r")) for _ in range(6)]
    await asyncio.sleep(0.05)
    assert len(adapter.calls) == 3
    assert not registry.admits()
    with pytest.raises(RegistryUnavailable):
        await registry.ask(kit.grant(), "r")
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, RegistryTimeout) for end in ends)
    assert registry.admits()


async def test_a_hanging_registry_does_not_hold_up_another(make, scripted, answer_found, kit):
    """Each registry has its own cap: one that hangs takes nobody down with it."""
    hanging, sound = make(scripted(_hang), max_concurrent=1), make(scripted(answer_found()))
    tasks = [asyncio.create_task(hanging.ask(kit.grant(), "r")) for _ in range(2)]
    await asyncio.sleep(0)
    assert (await sound.ask(kit.grant(), "r")).found
    assert not any(task.done() for task in tasks)
    await asyncio.gather(*tasks, return_exceptions=True)


def test_the_budget_is_bounded():
    """A long calm does not save up retries for a storm."""
    budget = RetryBudget(0.1)
    for _ in range(10_000):
        budget.earn()
    assert sum(budget.take() for _ in range(100)) == 10
