"""`python -m bench [NAME] [OPTIONS]`: one benchmark, or each in turn."""

import sys
from collections.abc import Callable

from bench import appends, console, events, faults, lookups, reuse, withstand

BENCHMARKS: dict[str, Callable[[list[str]], None]] = {
    "lookups": lookups.main,
    "events": events.main,
    "faults": faults.main,
    "withstand": withstand.main,
    "reuse": reuse.main,
    "console": console.main,
    "appends": appends.main,
}


def main() -> None:
    """Run the benchmark named first, or all with their defaults."""
    name, *options = sys.argv[1:] or [""]
    if name in BENCHMARKS:
        BENCHMARKS[name](options)
    elif name == "":
        for benchmark in BENCHMARKS.values():
            benchmark([])
    else:
        raise SystemExit(f"benchmarks: {', '.join(BENCHMARKS)}")


if __name__ == "__main__":
    main()
