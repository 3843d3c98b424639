"""Fetching what proves a receipt: the caller's own log entry, its proof and the log's verifier keys."""

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import quote

from gateway.client.client import Client
from gateway.client.errors import ClientError, Unknown
from gateway.client.exchange import Exchange
from gateway.client.protocol import Receipt, check_signature, read_receipt
from signing.keys import VerificationKey

_PAUSE_S = 0.5


async def fetch_proof(
    client: Client, exchange: Exchange, keys: Mapping[str, VerificationKey], until: float
) -> Exchange:
    """Complete an exchange with the proof of its receipt, asking again until `until` (monotonic seconds).

    What cannot be proved in time, or carries no receipt, comes back as it is: a promise.
    """
    try:
        check_signature(exchange, keys)
        receipt = read_receipt(exchange.response, exchange.response_body)
    except Unknown:
        return exchange
    if receipt is None:
        return exchange
    while True:
        proved = await _attempt(client, exchange, receipt)
        if proved is not None:
            return proved
        if time.monotonic() + _PAUSE_S > until:
            return exchange
        await asyncio.sleep(_PAUSE_S)


def _entry_path(receipt: Receipt) -> str:
    return f"/v1/logs/{receipt.slot}/entries/{receipt.index}?log={quote(receipt.log, safe='/')}"


async def _attempt(client: Client, exchange: Exchange, receipt: Receipt) -> Exchange | None:
    """Ask once; None while no checkpoint covers the entry."""
    try:
        answer = await client.request("GET", _entry_path(receipt))
        vkeys = await client.fetch("/.well-known/lienthong-log.vkey")
    except ClientError:
        return None
    if not isinstance(answer.value, dict) or not answer.value.get("proof"):
        return None
    return exchange.with_proof(answer.value, vkeys.decode("utf-8", "replace"))
