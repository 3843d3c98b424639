"""One registry as the flow sees it: its adapter behind a breaker, a deadline, a cap and a retry budget.

A retry is made only where no byte of an answer came, out of a budget of a tenth of the calls; the cap
keeps a registry that hangs from taking the others down. `registry-invalid` does not open the breaker:
the registry is there, its answers are wrong.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from adapters.contract import Adapter, Call, RegistryAnswer, RegistryError, RegistryTimeout, RegistryUnavailable
from gateway.registries.breaker import Breaker, State
from gateway.registries.health import Health, HealthWindow
from schemas.configuration import Registry as RegistryConfiguration
from schemas.grants import Grant

_BREAKING = frozenset({"registry-unavailable", "registry-timeout", "registry-fault"})
_MOST_TOKENS = 10.0
_ATTEMPTS = 3
Observe = Callable[[str, str, float], None]
"""Told of each call's registry, outcome (`answered` or a problem code) and seconds."""


class RetryBudget:
    """A token bucket: every call adds `share` of a token, every retry takes a whole one."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._tokens = 1.0 if share > 0 else 0.0

    def earn(self) -> None:
        """Count a call."""
        self._tokens = min(_MOST_TOKENS, self._tokens + self._share)

    def take(self) -> bool:
        """Take a token for one retry, if there is one."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class Registry:
    """One configured registry."""

    def __init__(self, configuration: RegistryConfiguration, adapter: Adapter, observe: Observe) -> None:
        breaker = configuration.breaker
        self.name = configuration.registry
        self.deadline_s = configuration.deadline_s
        self.adapter = adapter
        self._observe = observe
        self._breaker = Breaker(
            min_calls=breaker.min_calls,
            failure_rate=breaker.failure_rate,
            window_s=breaker.window_s,
            probe_after_s=breaker.probe_after_s,
        )
        self._retry_after_s = max(1, round(breaker.probe_after_s))
        self._budget = RetryBudget(configuration.retry_budget)
        self._slots = asyncio.Semaphore(configuration.max_concurrent)
        self._most_waiting = configuration.max_concurrent
        self._waiting = 0
        self._health = HealthWindow(self.name)

    @property
    def retry_after_s(self) -> int:
        """Seconds after which a refused caller may try again."""
        return self._retry_after_s

    def admits(self) -> bool:
        """Whether a call now would be let through (nothing is reserved)."""
        return self._breaker.admits(monotonic()) and self._waiting < self._most_waiting

    def breaker_state(self) -> State:
        """Return the breaker's state now."""
        return self._breaker.state(monotonic())

    def health(self) -> Health:
        """How the registry has been answering."""
        now = monotonic()
        return self._health.read(now, self._breaker.state(now))

    async def ask(self, grant: Grant, request_id: str) -> RegistryAnswer:
        """Ask once, or again within the budget where no byte came. Raises `RegistryError`."""
        if not self.admits():
            raise RegistryUnavailable("not-admitted")
        ends_at = monotonic() + self.deadline_s
        try:
            async with asyncio.timeout(self.deadline_s):
                await self._slot()
                try:
                    return await self._asked(grant, request_id, ends_at)
                finally:
                    self._slots.release()
        except TimeoutError:
            raise RegistryTimeout("deadline") from None

    async def _slot(self) -> None:
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1

    async def _asked(self, grant: Grant, request_id: str, ends_at: float) -> RegistryAnswer:
        self._budget.earn()
        try:
            return await self._once(grant, request_id, ends_at)
        except RegistryError as error:
            if not error.unanswered or not self._budget.take():
                raise
        again = AsyncRetrying(
            stop=stop_after_attempt(_ATTEMPTS - 1),
            wait=wait_random_exponential(multiplier=0.02, max=0.2),
            retry=retry_if_exception(_unanswered),
            before_sleep=self._spend,
            reraise=True,
        )
        return await again(self._once, grant, request_id, ends_at)

    def _spend(self, state: RetryCallState) -> None:
        """Stop retrying, with the error at hand, where the budget is spent."""
        if not self._budget.take() and state.outcome is not None:
            state.outcome.result()

    async def _once(self, grant: Grant, request_id: str, ends_at: float) -> RegistryAnswer:
        begun = monotonic()
        granted = self._breaker.enter(begun)
        if granted is None:
            raise RegistryUnavailable("breaker-open")
        failure: str | None = "registry-timeout"  # a call cancelled by the deadline
        try:
            call = Call(request_id, datetime.now(UTC), max(0.001, ends_at - begun))
            answer = await self.adapter.ask(grant, call)
            failure = None
        except RegistryError as error:
            failure = error.code
            raise
        finally:
            ended = monotonic()
            self._breaker.leave(granted, ended, failed=failure in _BREAKING)
            self._health.add(ended, ended - begun, failure)
            self._observe(self.name, failure or "answered", ended - begun)
        return answer


def _unanswered(error: BaseException) -> bool:
    return isinstance(error, RegistryError) and error.unanswered
