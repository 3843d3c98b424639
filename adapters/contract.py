"""The one contract between the gateway and every registry (DESIGN sections 1 and 5).

An adapter takes a `Grant` and a `Call` and returns a `RegistryAnswer` in canonical words, or raises
one of four `RegistryError`s. It never returns "no match" for an answer it did not understand.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Protocol

from schemas.frozen import valueclass
from schemas.grants import Grant
from schemas.services import ServiceSpec


@valueclass
class Call:
    """One outward call. `request_id` goes upstream for correlation; `now` is aware (UTC)."""

    request_id: str
    now: datetime
    timeout_s: float
    """Seconds left until the service's deadline; the transport must give up then."""
    traceparent: str | None = None


@valueclass
class RegistryAnswer:
    """What a registry said, in canonical words.

    `record` holds every field of the grant (`None` where the registry has no value) when `found`, and is
    empty otherwise; of the service's other fields it may hold what was read anyway. `person_id` is the
    personal number the registry returned, if any.
    """

    found: bool
    record: Mapping[str, Any] = field(default_factory=dict)
    source_as_of: datetime | None = None
    person_id: str | None = None


class RegistryError(Exception):
    """A registry did not give a usable answer. `code` is a problem code of PROTOCOL section 2.

    `reason` is a short machine word for logs and metrics: never text from the registry.
    `unanswered` is true only where no byte of an answer came and the connection was refused or
    reset, so that asking once more is safe.
    """

    code = "registry-fault"

    def __init__(self, reason: str, *, unanswered: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unanswered = unanswered


class RegistryUnavailable(RegistryError):  # noqa: N818 — named for what happened, as the problem codes are
    """Connection refused or reset before an answer, or not admitted by the breaker."""

    code = "registry-unavailable"


class RegistryTimeout(RegistryError):  # noqa: N818 — as above
    """The service's deadline passed."""

    code = "registry-timeout"


class RegistryFault(RegistryError):  # noqa: N818 — as above
    """The registry answered with its own fault or a 5xx."""

    code = "registry-fault"


class RegistryInvalid(RegistryError):  # noqa: N818 — as above
    """The answer broke the contract: garbage, drift, another person, two results, a bad signature."""

    code = "registry-invalid"


class Adapter(Protocol):
    """One registry. Safe for concurrent use within one event loop."""

    @property
    def services(self) -> tuple[ServiceSpec, ...]:
        """The services this registry offers."""
        ...

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Ask about `grant.subject`; `RegistryError` on anything but a sound answer."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
