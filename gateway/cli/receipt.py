"""`lienthong receipt`: prove offline that an answer is in the log (PROTOCOL section 6)."""

import time
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.call import ClientOption, JwksOption, UrlOption, gateway_keys
from gateway.cli.caller import caller_of, known_identity
from gateway.cli.common import err, guarded, out, print_json, run
from gateway.client import Client, Exchange
from gateway.client.identity import load_vkeys
from gateway.client.proving import fetch_proof
from gateway.client.receipt import Verdict, verify_receipt
from signing.checkpoint import VerifierKey, parse_vkey

group = typer.Typer(no_args_is_help=True, help="Prove that an answer is in the gateway's log.")
File = Annotated[Path, typer.Argument(help="An exchange kept by `lienthong call --save`.")]
VkeyOption = Annotated[
    Path | None, typer.Option("--vkey", help="File of the log's verifier keys to trust, instead of the saved ones.")
]


@group.command()
def verify(
    file: File,
    jwks: JwksOption = None,
    vkey: VkeyOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check signature, commitment, entry, proof and checkpoint offline; says `proved` or `promised`."""
    verdict = guarded(lambda: _verdict(Exchange.load(file), jwks, vkey))
    receipt = verdict.receipt
    if json:
        size = verdict.checkpoint.size if verdict.checkpoint else None
        print_json({"verdict": verdict.state, "log": receipt.log, "index": receipt.index, "checkpoint_size": size})
        return
    for step in verdict.steps:
        err.print(f"ok: {step}", markup=False)
    out.print(f"{verdict.state}: entry {receipt.index} of {receipt.log}", markup=False)


@group.command()
def prove(file: File, client: ClientOption = None, url: UrlOption = None, within: float = 60.0) -> None:
    """Ask the gateway for the proof of a promised receipt and keep it in the file."""
    exchange = guarded(lambda: Exchange.load(file))
    caller = guarded(lambda: caller_of(client, url))

    async def work() -> Exchange:
        async with Client(caller.url, caller.identity) as connection:
            keys = await connection.gateway_keys()
            return await fetch_proof(connection, exchange, keys, time.monotonic() + within)

    proved = run(work())
    guarded(lambda: proved.save(file))
    out.print("the file holds the proof" if proved.evidence else "not yet: the receipt is still a promise")


def _verdict(exchange: Exchange, jwks: Path | None, vkey: Path | None) -> Verdict:
    return verify_receipt(exchange, gateway_keys(exchange, jwks), _log_keys(exchange, vkey))


def _log_keys(exchange: Exchange, vkey: Path | None) -> list[VerifierKey]:
    if vkey is not None:
        return list(load_vkeys(vkey))
    identity = known_identity()
    if identity is not None and identity.log_keys:
        return list(identity.log_keys)
    err.print("the log's keys are those kept in the file itself: name trusted ones with --vkey", markup=False)
    return [parse_vkey(line) for line in (exchange.log_vkey or "").splitlines() if line.strip()]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="receipt")
