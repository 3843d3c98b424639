"""JSON transport: exact shapes, and tokens that are renewed once for all who wait."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract import RegistryFault, RegistryInvalid, RegistryTimeout
from adapters.rest import Shape, Token, TokenSource, read_object, usable_until

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{", b'{"a":1,"a":1}', b'{"a":NaN}', b"\xff", b'"x"', b"[" * 9999]
)
def test_what_is_no_strict_object_is_invalid(data):
    """Only one JSON object, strictly read, is an answer."""
    with pytest.raises(RegistryInvalid):
        read_object(data)


@pytest.mark.parametrize(
    "value", [{}, {"a": "x"}, {"a": "x", "l": [], "b": ""}, {"a": 1, "l": []}, {"a": "x", "l": {}}, [], None]
)
def test_other_shapes_are_drift(value):
    """One member more, one less or one of another type is drift."""
    with pytest.raises(RegistryInvalid):
        Shape.of("a", lists="l").check(value)
    assert Shape.of("a", lists="l").check({"a": "", "l": [1]})


def test_token_is_used_until_shortly_before_it_expires():
    """A tenth of its life, at most a minute, is left unused."""
    assert usable_until(NOW, NOW + timedelta(seconds=100)) == NOW + timedelta(seconds=90)
    assert usable_until(NOW, NOW + timedelta(hours=1)) == NOW + timedelta(minutes=59)


class Registry:
    """A registry whose log-ins are counted."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.log_ins = 0
        self.seconds = seconds

    async def log_in(self, now: datetime, timeout_s: float) -> Token:
        """Give a new token."""
        assert timeout_s > 0
        self.log_ins += 1
        await asyncio.sleep(self.seconds)
        return Token(str(self.log_ins), now + timedelta(minutes=10))


async def test_many_wait_for_one_log_in():
    """Whoever comes while a token is fetched gets that one, and those whom it failed share the next."""
    registry = Registry(0.02)
    tokens = TokenSource(registry.log_in)
    first = await asyncio.gather(*(tokens.current(NOW, 1.0) for _ in range(20)))
    again = await asyncio.gather(*(tokens.renewed(first[0], NOW, 1.0) for _ in range(20)))
    assert {token.text for token in first} == {"1"}
    assert {token.text for token in again} == {"2"}
    assert (await tokens.current(NOW + timedelta(minutes=11), 1.0)).text == "3"


async def test_waiting_for_a_token_ends_at_the_deadline():
    """A log-in that hangs costs each waiter its own deadline and no more, and the next one tries again."""
    registry = Registry(60.0)
    tokens = TokenSource(registry.log_in)
    results = await asyncio.gather(*(tokens.current(NOW, 0.05) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [RegistryTimeout] * 3
    registry.seconds = 0.0
    assert (await tokens.current(NOW, 1.0)).text == str(registry.log_ins)


async def test_cancelled_log_in_leaves_no_token():
    """A caller that goes away in the middle of a log-in leaves the next to do its own."""
    registry = Registry(60.0)
    tokens = TokenSource(registry.log_in)
    going = asyncio.create_task(tokens.current(NOW, 5.0))
    await asyncio.sleep(0.01)
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    registry.seconds = 0.0
    assert (await tokens.current(NOW, 1.0)).text == "2"


async def test_refused_log_in_is_passed_on():
    """An error of the log-in is the asker's error, and no token is kept."""

    async def refuse(now: datetime, timeout_s: float) -> Token:
        del now, timeout_s
        raise RegistryFault("login-refused")

    with pytest.raises(RegistryFault):
        await TokenSource(refuse).current(NOW, 1.0)
