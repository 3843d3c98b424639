"""CPU time and memory of groups of processes, from the kernel's own accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


def children_of(root: int) -> list[int]:
    """Return `root` and every process below it."""
    parents: dict[int, list[int]] = {}
    for path in PROC.iterdir():
        if path.name.isdigit():
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(path.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo.extend(parents.get(pid, ()))
    return found


def command_of(pid: int) -> str:
    """Return a process's command line."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def cpu_us(pids: Iterable[int]) -> float:
    """Return the CPU time so far in µs: the first number of every thread's schedstat."""
    total = 0
    for pid in pids:
        for thread in (PROC / str(pid) / "task").glob("*/schedstat"):
            try:
                total += int(thread.read_text().split()[0])
            except OSError:
                continue
    return total / 1000


class Stolen:
    """What the hypervisor gave to others since this was made (`steal`, proc(5)): figures of such a time say little."""

    def __init__(self) -> None:
        self._begun = self._so_far()

    def share(self) -> float:
        """Return the share of the processors' time, from 0 to 1."""
        stolen, everything = (now - then for now, then in zip(self._so_far(), self._begun, strict=True))
        return stolen / everything if everything else 0.0

    @staticmethod
    def _so_far() -> tuple[int, int]:
        spent = [int(word) for word in (PROC / "stat").read_text().partition("\n")[0].split()[1:9]]
        return spent[7], sum(spent)


def rss_mb(pid: int) -> float:
    """Return the resident memory in MB."""
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


@dataclass(frozen=True, slots=True)
class Groups:
    """The processes of one sandbox."""

    workers: tuple[int, ...]
    keeper: tuple[int, ...]
    postgres: tuple[int, ...]
    registries: tuple[int, ...]


def groups_below(root: int) -> Groups:
    """Sort the processes below `root` by what they are."""
    named = {pid: command_of(pid) for pid in children_of(root)}
    masters = [pid for pid, command in named.items() if "gateway.worker" in command]
    workers = [pid for pid in masters if not set(children_of(pid)[1:]) & set(masters)]
    return Groups(
        tuple(workers),
        tuple(pid for pid, command in named.items() if "gateway.keeper" in command),
        tuple(pid for pid, command in named.items() if "postgres" in command.split(" ")[0]),
        tuple(pid for pid, command in named.items() if "-m mocks" in command),
    )
