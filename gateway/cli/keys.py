"""`lienthong keys`: make key files, and show what of them is public."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from gateway.cli.common import Exit, fail, guarded, out, print_json
from gateway.keyfiles import client_document, new_client, new_installation
from schemas.configuration_terms import Identifier
from signing.checkpoint import verifier_key
from signing.keys import Algorithm, SigningKey, jwks

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)
group = typer.Typer(no_args_is_help=True, help="Make key files, and show what of them is public.")


@group.command()
def new(
    directory: Annotated[Path, typer.Argument(help="Where the files go; existing ones are never overwritten.")],
    client: Annotated[
        str | None, typer.Option(help="Make a caller's client.toml and private.pem instead, for this client id.")
    ] = None,
    algorithm: Annotated[Algorithm, typer.Option(help="The caller's algorithm.")] = Algorithm.ED25519,
    keyid: Annotated[str | None, typer.Option(help="The caller's key id; by default CLIENT-1.")] = None,
) -> None:
    """Make an installation's keys, or a caller's with --client.

    An installation's are http.pem, log.pem, reveal.pem (take it to another machine), reveal.pub.pem and
    pseudonyms/YYYY.key. For a caller the public registration is printed, ready for config/clients/.
    """
    if client is None:
        made = guarded(lambda: new_installation(directory, datetime.now(UTC)))
        for path in made:
            out.print(f"made {path}", markup=False)
        if not made:
            out.print("every key is already there")
        return
    try:
        _IDENTIFIER.validate_python(client)
    except ValidationError:
        fail("a client id is 1 to 64 of letters, digits, dot, - and _", Exit.USAGE)
    key = guarded(lambda: new_client(directory, client, algorithm, keyid or f"{client}-1"))
    out.out(client_document(client, client, "other", key), end="")


@group.command()
def show(
    file: Annotated[Path, typer.Argument(help="A private key file (PKCS#8 PEM).")],
    keyid: Annotated[str, typer.Option(help="Key id, as kid of the JWK.")] = "",
    vkey: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show a log's C2SP verifier key of this name.")
    ] = None,
    pem: Annotated[bool, typer.Option("--pem", help="Show the public key as PEM.")] = False,
) -> None:
    """Show the public half of a key: a JWK set, with --vkey a log's verifier key, with --pem a PEM block."""
    key = guarded(lambda: SigningKey.from_pem(file.read_bytes(), keyid or file.stem))
    if vkey is not None and pem:
        fail("choose one of --vkey and --pem", Exit.USAGE)
    if vkey is not None:
        out.out(guarded(lambda: verifier_key(key, vkey).encode()))
    elif pem:
        out.out(key.public_key().to_pem(), end="")
    else:
        print_json(jwks([key.public_key()]))


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="keys")
