"""The configured registries, rebuilt when the configuration changes and only where it changed."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.contract import Adapter
from adapters.factory import build_adapter
from gateway.registries.registry import Observe, Registry
from gateway.snapshot import Snapshot
from schemas.configuration import Registry as RegistryConfiguration

_QUESTION_S = 10.0
"""Seconds that a question may still wait for the log before its registry is asked."""

AdapterFactory = Callable[[RegistryConfiguration, Mapping[str, str], Path], Adapter]


@dataclass(frozen=True, slots=True)
class _Known:
    configuration: RegistryConfiguration
    files: Mapping[str, str]
    """The texts beside the tables that a declared registry may name (WSDLs); none for a built-in one."""
    registry: Registry


class RegistryPool:
    """Every registry of the configuration in force, by name."""

    def __init__(self, secrets_dir: Path, observe: Observe, build: AdapterFactory = build_adapter) -> None:
        self._secrets_dir = secrets_dir
        self._observe = observe
        self._build = build
        self._registries: dict[str, _Known] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    def get(self, name: str) -> Registry:
        """Return the registry called `name`; `KeyError` where there is none."""
        return self._registries[name].registry

    def all(self) -> list[Registry]:
        """Return every registry, by name."""
        return [self._registries[name].registry for name in sorted(self._registries)]

    async def load(self, snapshot: Snapshot) -> None:
        """Take over a snapshot's registries: keep what is unchanged; what is gone ends its calls and is closed.

        A registry that cannot be built (a missing secret) raises and leaves the pool as it was.
        """
        fresh: dict[str, _Known] = {}
        built: list[Registry] = []
        try:
            for name, configuration in snapshot.configuration.registries.items():
                files = snapshot.configuration.files if configuration.services else {}
                known = self._registries.get(name)
                if known is None or known.configuration != configuration or known.files != files:
                    adapter = self._build(configuration, files, self._secrets_dir)
                    known = _Known(configuration, files, Registry(configuration, adapter, self._observe))
                    built.append(known.registry)
                fresh[name] = known
        except BaseException:
            await _closed(built)
            raise
        gone = [known.registry for name, known in self._registries.items() if fresh.get(name) is not known]
        self._registries = fresh
        for registry in gone:  # not awaited: whoever swaps snapshots must not yield between this one and its own swap
            task = asyncio.create_task(_retired(registry), name=f"retire {registry.name}")
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    async def close(self) -> None:
        """Close every registry's connections."""
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        registries, self._registries = self.all(), {}
        await _closed(registries)


async def _retired(registry: Registry) -> None:
    """Close a registry once the calls under way have ended."""
    try:
        await asyncio.sleep(registry.deadline_s + _QUESTION_S)
    finally:
        await registry.adapter.close()


async def _closed(registries: list[Registry]) -> None:
    for registry in registries:
        await registry.adapter.close()
