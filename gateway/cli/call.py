"""`lienthong call` and `verify`: a signed request from the command line, and its signatures explained."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from gateway.cli.caller import Caller, caller_of, known_identity
from gateway.cli.common import Exit, err, fail, guarded, out, print_json, run
from gateway.client import Answer, Client, Exchange, Refused
from gateway.client.identity import load_identity, load_jwks
from gateway.client.protocol import believe
from gateway.client.proving import fetch_proof
from gateway.settings import SettingsError
from signing.keys import VerificationKey, jwks, parse_jwks
from signing.message import ComponentReport, explain_request, explain_response

ClientOption = Annotated[Path | None, typer.Option("--client", help="client.toml; by default LIENTHONG_CLIENT.")]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="Public URL; by default the first of LIENTHONG_PUBLIC_URLS.")
]
JwksOption = Annotated[
    Path | None, typer.Option("--jwks", help="The gateway's JWK set to trust, instead of the saved one.")
]


def call(
    method: Annotated[str, typer.Argument(help="GET or POST.")],
    path: Annotated[str, typer.Argument(help="Path with query, for example /v1/registries.")],
    body: Annotated[str | None, typer.Argument(help="JSON, @FILE, or - for standard input.")] = None,
    *,
    save: Annotated[Path | None, typer.Option(help="Keep the whole exchange in this file (mode 0600).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object with status, receipt and body.")] = False,
    prove_within: Annotated[
        float, typer.Option(help="With --save: seconds to wait until the log proves the receipt.")
    ] = 5.0,
    client: ClientOption = None,
    url: UrlOption = None,
) -> None:
    """Send a signed request and verify the answer. Exit code 1 where it is refused or cannot be believed."""
    if save is not None:
        _check_place(save)
    caller = guarded(lambda: caller_of(client, url))
    content = None if body is None else guarded(lambda: _content(body))
    exchange, keys = run(_exchange(caller, method, path, content, prove_within if save else 0.0))
    if save is not None:
        guarded(lambda: exchange.save(save))
    try:
        answer = guarded_answer(exchange, keys)
    except Refused as refused:
        _show(exchange, refused, None, json=json)
        raise typer.Exit(Exit.FAILED) from None
    _show(exchange, None, answer, json=json)


def _check_place(save: Path) -> None:
    """End the command before anything is asked where the answer could not be kept."""
    if save.is_dir() or not os.access(save.parent, os.W_OK | os.X_OK):
        fail(f"--save {save}: not a file in a directory that can be written to; nothing was asked", Exit.USAGE)


def guarded_answer(exchange: Exchange, keys: Mapping[str, VerificationKey]) -> Answer:
    """Believe an answer; `Refused` passes on, whatever cannot be believed ends the command."""
    refused: list[Refused] = []

    def work() -> Answer | None:
        try:
            return believe(exchange, keys)
        except Refused as error:
            refused.append(error)
            return None

    answer = guarded(work)
    if answer is None:
        raise refused[0]
    return answer


def verify(
    file: Annotated[Path, typer.Argument(help="An exchange kept by `lienthong call --save`.")],
    client: ClientOption = None,
    jwks_file: JwksOption = None,
) -> None:
    """Explain a kept exchange's signatures, the request's and the answer's, component by component."""
    exchange = guarded(lambda: Exchange.load(file))
    mine = guarded(lambda: _own_keys(client))
    request = explain_request(exchange.request, exchange.request_body, mine.get, exchange.sent_at)
    theirs = guarded(lambda: gateway_keys(exchange, jwks_file))
    answer = explain_response(exchange.response, exchange.response_body, exchange.request, theirs.get)
    _explain("Request", request)
    _explain("Answer", answer)
    if not (request[-1].ok and answer[-1].ok):
        raise typer.Exit(Exit.FAILED)


def gateway_keys(exchange: Exchange, jwks_file: Path | None) -> Mapping[str, VerificationKey]:
    """Return the answer keys to trust: the option's, else the caller's pinned ones, else (said aloud) the file's."""
    if jwks_file is not None:
        return load_jwks(jwks_file)
    identity = known_identity()
    if identity is not None and identity.gateway_keys is not None:
        return identity.gateway_keys
    err.print("the gateway's keys are those kept in the file itself: name trusted ones with --jwks", markup=False)
    return parse_jwks(exchange.jwks or {"keys": []})


async def _exchange(
    caller: Caller, method: str, path: str, content: bytes | None, prove_within: float
) -> tuple[Exchange, Mapping[str, VerificationKey]]:
    async with Client(caller.url, caller.identity) as client:
        keys = await client.gateway_keys()
        exchange = (await client.exchange(method, path, content)).with_keys(jwks(keys.values()))
        if prove_within > 0:
            exchange = await fetch_proof(client, exchange, keys, time.monotonic() + prove_within)
        return exchange, keys


def _content(body: str) -> bytes:
    if body == "-":
        return sys.stdin.buffer.read()
    return Path(body[1:]).read_bytes() if body.startswith("@") else body.encode()


def _show(exchange: Exchange, refused: Refused | None, answer: Answer | None, *, json: bool) -> None:
    if json:
        print_json(_as_json(exchange, refused, answer))
        return
    err.print(f"{exchange.response.status}, signature verified", markup=False)
    if answer is not None and answer.receipt is not None:
        err.print(f"receipt: log {answer.receipt.log}, entry {answer.receipt.index}", markup=False)
    if refused is not None:
        print_json(orjson.loads(exchange.response_body))
        fail(f"{refused.problem.code}: {refused.problem.suggested_action}")
    if answer is not None and isinstance(answer.value, str):
        out.out(answer.value, end="")
    elif answer is not None:
        print_json(answer.value)


def _as_json(exchange: Exchange, refused: Refused | None, answer: Answer | None) -> dict[str, Any]:
    receipt = answer.receipt if answer else None
    return {
        "status": exchange.response.status,
        "verified": True,
        "code": refused.code if refused else None,
        "request_id": refused.problem.request_id if refused else answer.request_id if answer else None,
        "receipt": {"log": receipt.log, "slot": receipt.slot, "index": receipt.index} if receipt else None,
        "body": orjson.loads(exchange.response_body) if refused else answer.value if answer else None,
    }


def _own_keys(client: Path | None) -> Mapping[str, VerificationKey]:
    identity = known_identity() if client is None else load_identity(client)
    if identity is None:
        raise SettingsError("whose request is it? — name a client.toml with --client, or set LIENTHONG_CLIENT")
    return {identity.key.keyid: identity.key.public_key()}


def _explain(title: str, reports: list[ComponentReport]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("component", "value that was used", "", "note"):
        table.add_column(heading, overflow="fold")
    for report in reports:
        value = "" if report.value_used is None else report.value_used
        table.add_row(report.component, value, "ok" if report.ok else "NOT OK", report.note)
    out.print(table, markup=False)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(call)
    app.command()(verify)
