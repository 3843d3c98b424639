"""One batch of claimed dossiers on its way: call by call, and what became of each.

The rule: a portal that refuses a batch is asked for each dossier alone, so one bad dossier never holds up another;
a call whose outcome is unknown is never repeated before the portal was asked what it holds. What is too large is
halved, and a dossier that is too large alone is parked: trying again would never help.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from adapters.contract import RegistryError
from adapters.portal import PortalBusy, PortalError, PortalExists, PortalMissing, PortalRefused
from adapters.portal_fields import PROGRESS, SYNC
from gateway.delivery.plan import Step, remaining
from gateway.store.delivery import Claimed, Word

LEASE_OVER = "lease"
_NOT_DONE = frozenset({"refused", "tls", "http-413", LEASE_OVER})
"""Failures that leave no doubt. A reset is none of them: the portal may have done the work before it hung up."""
_TOO_LARGE = frozenset({"http-413", "too-large"})
"""The portal takes no body this long, or tells of so many progress lines that nobody reads on."""
_MOST_CALLS = 4
"""Turns a dossier may take for one event: made, changed, progress, and one change of mind."""


class Calls(Protocol):
    """The portal, as a batch needs it: deadlines and clock are its own."""

    async def sync(self, items: Sequence[Mapping[str, Any]], *, updating: bool) -> None:
        """Make or update dossiers, all or none."""
        ...

    async def progress(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Add progress lines, all or none."""
        ...

    async def held(self, codes: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return what the portal holds of some dossiers."""
        ...


@dataclass(slots=True)
class Work:
    """One claimed event: the steps still to do, and at the end its fate."""

    claimed: Claimed
    steps: tuple[Step, ...]
    fate: Word | None = None
    error: str | None = None
    begun: bool = False
    """Whether anything of it may have been carried out."""
    turns: int = 0

    def end(self, fate: Word, error: str | None = None) -> None:
        """Say what became of it."""
        self.fate, self.error = fate, error


class Sending:
    """Sends batches. `failed` is true where the last one met a portal that was not there or not well."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.failed = False

    async def send(self, works: Sequence[Work]) -> None:
        """Give every work a fate. Raises nothing of the portal's."""
        self.failed = False
        try:
            await self._clear_doubt([work for work in works if work.claimed.doubtful and work.fate is None])
            while group := _next_group(works):
                await self._together(group)
        except (RegistryError, PortalBusy) as error:
            self.failed = True
            _leave(works, error)

    async def _clear_doubt(self, works: Sequence[Work]) -> None:
        if not works:
            return
        for work in works:
            work.begun = True
        try:
            held = await self._calls.held([work.claimed.dossier for work in works])
        except RegistryError as error:
            await _halved(works, error, self._clear_doubt)
            return
        for work in works:
            work.steps = remaining(work.steps, held.get(work.claimed.dossier))
            if not work.steps:
                work.end("held")

    async def _together(self, group: Sequence[Work]) -> None:
        try:
            await self._call(group)
        except (PortalExists, PortalMissing, PortalRefused) as refusal:
            if len(group) == 1:
                _judge(group[0], refusal)
                return
            for work in group:
                await self._together([work])
        except RegistryError as error:
            await _halved(group, error, self._together)
        else:
            for work in group:
                _advance(work)

    async def _call(self, group: Sequence[Work]) -> None:
        step, items = group[0].steps[0], [work.steps[0].item for work in group]
        before = [work.begun for work in group]
        for work in group:
            work.begun = True
            work.turns += 1
        try:
            if step.service == PROGRESS:
                await self._calls.progress(items)
            else:
                await self._calls.sync(items, updating=step.updating)
        except (PortalError, RegistryError) as error:
            if isinstance(error, PortalError) or error.reason in _NOT_DONE:  # it was certainly not done
                for work, begun in zip(group, before, strict=True):
                    work.begun = begun
            raise


async def _halved(
    works: Sequence[Work], error: RegistryError, send: Callable[[Sequence[Work]], Awaitable[None]]
) -> None:
    """Send half by half what was too large together, and park what is too large alone. Raises any other error."""
    if error.reason not in _TOO_LARGE:
        raise error
    if len(works) == 1:
        works[0].end("park", "too-large")
        return
    middle = len(works) // 2
    await send(works[:middle])
    await send(works[middle:])


def _next_group(works: Sequence[Work]) -> list[Work]:
    """Return the works whose next step is the same call, dossiers that are to be made first."""
    waiting = [work for work in works if work.fate is None]
    for service, updating in ((SYNC, False), (SYNC, True), (PROGRESS, None)):
        group = [
            work for work in waiting if work.steps[0].service == service and updating in (None, work.steps[0].updating)
        ]
        if group:
            return group
    return []


def _advance(work: Work) -> None:
    work.steps = work.steps[1:]
    if not work.steps:
        work.end("sent")


def _judge(work: Work, refusal: PortalError) -> None:
    """Understand a refusal of one dossier: what is there is changed, what is not there is made, the rest is parked."""
    step = work.steps[0]
    if isinstance(refusal, PortalExists) and step.service == PROGRESS:
        _advance(work)
    elif isinstance(refusal, PortalExists) and not step.updating and work.turns < _MOST_CALLS:
        work.steps = (replace(step, updating=True), *work.steps[1:])
    elif isinstance(refusal, PortalMissing) and step.service == SYNC and step.updating and work.turns < _MOST_CALLS:
        work.steps = (replace(step, updating=False), *work.steps[1:])
    else:
        work.end("park", f"portal-{refusal.code or 'refused'}")


def _leave(works: Sequence[Work], error: RegistryError | PortalBusy) -> None:
    word = error.reason if isinstance(error, RegistryError) else f"portal-{error.code or 'busy'}"
    for work in works:
        if work.fate is None:
            work.end("doubt" if work.begun else "retry", word)
