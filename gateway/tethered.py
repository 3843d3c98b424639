"""The script that becomes a supervised process: it may drop privileges, ties itself to its parent and executes.

The rule: PR_SET_PDEATHSIG comes after setresuid, because the kernel clears it when credentials
change (prctl(2)); and a parent that died before the request is noticed by its process id. Only the
standard library is imported, so that `python -I -S` can run this file.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

_PR_SET_PDEATHSIG = 1


def command_line(command: Sequence[str], number: int, user: tuple[int, int] | None = None) -> list[str]:
    """Return the command that runs `command` tied to the calling process: signal `number` when its thread ends.

    `user` is the (uid, gid) to become; None keeps the present one.
    """
    uid, gid = user or ("-", "-")
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(number)), str(uid), str(gid), *command]


def die_with_parent(parent: int, number: int) -> None:
    """Have the kernel send signal `number` to this process when the thread that started it ends.

    Exits at once where process `parent` is no longer our parent.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit(1)


def drop_privileges(uid: int, gid: int) -> None:
    """Become `uid`:`gid` for good, without supplementary groups."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def main(arguments: list[str]) -> NoReturn:
    """`PARENT SIGNAL UID GID COMMAND…`; `-` for UID and GID keeps the present user."""
    parent, number, uid, gid, *command = arguments
    os.umask(0o077)
    if uid != "-":
        drop_privileges(int(uid), int(gid))
    die_with_parent(int(parent), int(number))
    os.execv(command[0], command)  # noqa: S606 — no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
