"""The keeper's process: it ends with its house, whatever ended that, so that it can be started again."""

import asyncio
import os
import signal

import pytest

import gateway.keeper as keeping
from gateway.settings import Settings


@pytest.fixture
def settings():
    """Make settings of a keeper on a free port."""
    return Settings.model_construct(operations_listen="127.0.0.1:0", listen="127.0.0.1:1", public_url="http://x")


async def test_a_keeper_whose_house_fell_ends_with_an_error(settings, monkeypatch):
    """It does not stay as an operations port before an empty house."""

    async def falls(*_):
        raise OSError("no space left")

    monkeypatch.setattr(keeping, "_house", falls)
    async with asyncio.timeout(5):
        assert await keeping.keep(settings) == 1


async def test_a_keeper_that_is_told_to_end_ends_well(settings, monkeypatch):
    """SIGTERM ends the house and the process in order."""

    async def stands(*_):
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    monkeypatch.setattr(keeping, "_house", stands)
    async with asyncio.timeout(5):
        assert await keeping.keep(settings) == 0
