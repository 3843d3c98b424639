"""What deliveries are measured by."""

from prometheus_client import CollectorRegistry

from gateway.delivery.metrics import DeliveryMetrics
from gateway.store.delivery import Backlog


def test_fates_and_backlog_are_shown():
    """Every settlement is counted by its fate; backlog, lag and parked dossiers are gauges."""
    registry = CollectorRegistry()
    metrics = DeliveryMetrics(registry)
    metrics.settled("sent")
    metrics.settled("sent")
    metrics.backlog(Backlog(12, 3.5, 1))
    assert registry.get_sample_value("lienthong_deliveries_total", {"fate": "sent"}) == 2
    names = ("lienthong_delivery_backlog", "lienthong_delivery_lag_seconds", "lienthong_delivery_parked")
    assert [registry.get_sample_value(name) for name in names] == [12, 3.5, 1]
