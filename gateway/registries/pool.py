"""The configured registries, rebuilt when the configuration changes and only where it changed."""

from collections.abc import Callable, Mapping
from pathlib import Path

from adapters.contract import Adapter
from adapters.factory import build_adapter
from gateway.registries.registry import Observe, Registry
from gateway.snapshot import Snapshot
from schemas.configuration import Registry as RegistryConfiguration

AdapterFactory = Callable[[RegistryConfiguration, Mapping[str, str], Path], Adapter]


class RegistryPool:
    """Every registry of the configuration in force, by name."""

    def __init__(self, secrets_dir: Path, observe: Observe, build: AdapterFactory = build_adapter) -> None:
        self._secrets_dir = secrets_dir
        self._observe = observe
        self._build = build
        self._registries: dict[str, tuple[RegistryConfiguration, Registry]] = {}

    def get(self, name: str) -> Registry:
        """Return the registry called `name`; `KeyError` where there is none."""
        return self._registries[name][1]

    def all(self) -> list[Registry]:
        """Return every registry, by name."""
        return [self._registries[name][1] for name in sorted(self._registries)]

    async def load(self, snapshot: Snapshot) -> None:
        """Take over a snapshot's registries: keep what is unchanged, close what is gone.

        A registry that cannot be built (a missing secret) raises and leaves the pool as it was.
        """
        files = snapshot.configuration.files
        wanted = snapshot.configuration.registries
        fresh: dict[str, tuple[RegistryConfiguration, Registry]] = {}
        for name, configuration in wanted.items():
            known = self._registries.get(name)
            if known is not None and known[0] == configuration:
                fresh[name] = known
            else:
                adapter = self._build(configuration, files, self._secrets_dir)
                fresh[name] = (configuration, Registry(configuration, adapter, self._observe))
        gone = [known for name, known in self._registries.items() if fresh.get(name) is not known]
        self._registries = fresh
        for _, registry in gone:
            await registry.adapter.close()

    async def close(self) -> None:
        """Close every registry's connections."""
        for _, registry in self._registries.values():
            await registry.adapter.close()
        self._registries = {}
