"""The command line: `python -m mocks serve REGISTRY | people | secrets`.

`serve` prints `READY <url>` once it accepts connections and ends at once on SIGTERM.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson

from mocks.civil_status import CivilStatus
from mocks.credentials import (
    civil_status_token,
    insurance_secrets,
    population_secrets,
    portal_secrets,
    tax_secrets,
    write_missing,
)
from mocks.insurance import Insurance
from mocks.population import Population
from mocks.portal import Portal
from mocks.sample import people
from mocks.server import Options, Registry, run
from mocks.tax import Tax

REGISTRIES = ("population", "insurance", "civil_status", "tax", "portal")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; exits with a message where it makes no sense."""
    parser = argparse.ArgumentParser("python -m mocks", description="The sandbox's registries.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run one registry on the loopback")
    serve.add_argument("registry", choices=REGISTRIES)
    serve.add_argument("--port", type=int, default=0, help="0 takes a free one")
    serve.add_argument("--secrets", type=Path, required=True, help="the folder that `secrets` wrote")
    serve.add_argument("--public-url", help="what callers post to, if not the bound address")
    serve.add_argument("--delay-ms", type=int, default=0, help="wait this long before each answer")
    serve.add_argument(
        "--journal", type=Path, help="also append the journal to this file; the portal keeps what it took beside it"
    )
    serve.add_argument("--token-ttl", type=float, default=900.0, help="seconds a token or a session lives")
    sample = commands.add_parser("people", help="print synthetic people as JSON lines")
    sample.add_argument("--n", type=int, required=True)
    sample.add_argument("--seed", type=int, default=0)
    secrets = commands.add_parser("secrets", help="write the shared secrets that are missing")
    secrets.add_argument("folder", type=Path)
    return parser.parse_args(arguments)


def registry(name: str, url: str, secrets: Path, token_ttl_s: float, journal: Path | None = None) -> Registry:
    """Make a registry with its secrets from the folder."""
    match name:
        case "population":
            return Population(url, population_secrets(secrets))
        case "insurance":
            return Insurance(insurance_secrets(secrets), token_ttl_s)
        case "civil_status":
            return CivilStatus(civil_status_token(secrets))
        case "portal":
            held = journal.with_name(f"{journal.name}.held") if journal is not None else None
            return Portal(portal_secrets(secrets), held, token_ttl_s)
        case _:
            return Tax(url, tax_secrets(secrets))


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    options = parse_arguments(arguments)
    if options.command == "secrets":
        for name in write_missing(options.folder, datetime.now(UTC)):
            sys.stdout.write(f"{name}\n")
    elif options.command == "people":
        for person in people(options.n, options.seed):
            sys.stdout.buffer.write(orjson.dumps(person, option=orjson.OPT_APPEND_NEWLINE))
    else:
        run(
            lambda url: registry(options.registry, url, options.secrets, options.token_ttl, options.journal),
            Options(options.port, options.public_url, options.delay_ms, options.journal),
        )


if __name__ == "__main__":
    main(sys.argv[1:])
