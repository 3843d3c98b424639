"""The command line: every command and group under `lienthong`."""

import sys

import typer

from gateway.cli import audit, call, configuration, demo, keys, log, receipt, sandbox, serving
from gateway.cli.common import EXIT_CODES

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Liên Thông: registries answer each other, signed, agreed and on the record. "
    f"Settings come from LIENTHONG_* or the file that LIENTHONG_ENV_FILE names. {EXIT_CODES}",
)
app.command()(serving.serve)
app.command()(serving.migrate)
app.command()(configuration.check)
app.command("diff")(configuration.difference)
app.command()(configuration.apply)
app.command()(call.call)
app.command()(call.verify)
app.command()(demo.demo)
app.add_typer(keys.app, name="keys")
app.add_typer(receipt.app, name="receipt")
app.add_typer(audit.app, name="audit")
app.add_typer(log.app, name="log")
app.add_typer(sandbox.app, name="sandbox")


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="lienthong")
    except KeyboardInterrupt:
        sys.exit(130)
