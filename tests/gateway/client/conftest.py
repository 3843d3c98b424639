"""A tiny gateway that signs its answers, and misbehaves in the ways a client must notice."""

import asyncio
import hashlib
import os
import threading
import time
from base64 import b64encode

import orjson
import pytest
from aiohttp import web

from gateway.client import Identity
from signing.digest import content_digest
from signing.keys import Algorithm, SigningKey, jwks
from signing.message import Policy, Request, Response, selected_label, sign_response, verify_request


class TinyGateway:
    """Answers every call under /v1 with `reply`; `tamper` changes the signed answer before it is sent."""

    def __init__(self):
        self.key = SigningKey.generate(Algorithm.ED25519, "gw-1")
        self.client_key = SigningKey.generate(Algorithm.ED25519, "H99.igate-1")
        self.identity = Identity("H99.igate", self.client_key)
        self.status, self.value, self.content_type = 200, {"outcome": "found"}, "application/json"
        self.headers, self.receipt = {}, True
        self.tamper = None
        self.requests = []
        self.jwks_fetched = 0

    async def start(self):
        """Listen on a port of its own."""
        app = web.Application()
        app.router.add_get("/.well-known/jwks.json", self.keys)
        app.router.add_route("*", "/{path:.*}", self.answer)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"

    async def keys(self, _):
        """Publish the answer key."""
        self.jwks_fetched += 1
        return web.json_response(jwks([self.key.public_key()]))

    async def answer(self, raw):
        """Verify the request as a gateway does, and sign the answer to it."""
        body = await raw.read()
        lines = [(k.decode(), v.decode()) for k, v in raw.raw_headers]
        request = Request(raw.method, "http", raw.headers["Host"], raw.raw_path, lines)
        verified = verify_request(
            request, body, {"H99.igate-1": self.client_key.public_key()}.get, int(time.time()), Policy()
        )
        self.requests.append((request, body, verified))
        content = self.value if isinstance(self.value, bytes) else orjson.dumps(self.value)
        headers = {"content-type": self.content_type, "content-digest": content_digest(content), **self.headers}
        if self.receipt:
            salt = os.urandom(16)
            commitment = hashlib.sha256(salt + hashlib.sha256(content).digest()).digest()
            salt, commitment = (b64encode(part).decode() for part in (salt, commitment))
            headers["lienthong-receipt"] = (
                f'log="log.test/0", slot=0, index=7, salt=:{salt}:, commitment=:{commitment}:'
            )
        if self.tamper is not None and self.tamper.__name__ == "before":
            content = self.tamper(headers, content)
        signature_input, signature = sign_response(
            self.key,
            Response(self.status, list(headers.items())),
            request,
            selected_label(request, Policy()),
            int(time.time()),
        )
        headers |= {"signature-input": signature_input, "signature": signature, "x-request-id": "req-1"}
        if self.tamper is not None and self.tamper.__name__ == "after":
            content = self.tamper(headers, content)
        return web.Response(status=self.status, body=content, headers=headers)


@pytest.fixture
async def gateway():
    """Start a tiny gateway."""
    tiny = TinyGateway()
    await tiny.start()
    yield tiny
    await tiny.runner.cleanup()


@pytest.fixture
def threaded_gateway():
    """Start a tiny gateway in a thread with a loop of its own."""
    tiny, loop = TinyGateway(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(tiny.start(), loop).result()
    yield tiny
    asyncio.run_coroutine_threadsafe(tiny.runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
