"""What deliveries are measured by: fates, backlog, lag, parked dossiers. Never about whom."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from gateway.store.delivery import Backlog


class DeliveryMetrics:
    """The delivery metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._fates = Counter("lienthong_deliveries", "Deliveries to the portal", ["fate"], registry=registry)
        self._pending = self._gauge("lienthong_delivery_backlog", "Events that wait for delivery", registry)
        self._lag = self._gauge("lienthong_delivery_lag_seconds", "Age of the oldest event that waits", registry)
        self._parked = self._gauge("lienthong_delivery_parked", "Dossiers parked for an operator", registry)

    @staticmethod
    def _gauge(name: str, help_text: str, registry: CollectorRegistry) -> Gauge:
        return Gauge(name, help_text, registry=registry, multiprocess_mode="mostrecent")

    def settled(self, fate: str) -> None:
        """Count one settlement."""
        self._fates.labels(fate).inc()

    def backlog(self, found: Backlog) -> None:
        """Show how much waits."""
        self._pending.set(found.pending)
        self._lag.set(found.lag_s)
        self._parked.set(found.parked)
