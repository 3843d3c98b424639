"""Several commands of ours in one process, for most of a command's second is the import of what it needs.

`python -m gateway.sandbox.commands` takes a JSON list of each command's words; the first that fails ends it with its
code.
"""

import json
import sys

from gateway.cli.app import main


def run(commands: list[list[str]]) -> None:
    """Run commands one after another. Raises `SystemExit` with the code of one that failed."""
    for words in commands:
        try:
            main(words)
        except SystemExit as end:
            if end.code:
                raise


if __name__ == "__main__":
    run(json.loads(sys.argv[1]))
