"""One registry of measures per process, so that several services can share an interpreter."""

from collections.abc import Sequence
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

Measure = TypeVar("Measure", bound=MetricWrapperBase)

LATENCY_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The measures of one process; asking twice for a name gives the same measure."""

    def __init__(self) -> None:
        """Start with an empty registry."""
        self.registry = CollectorRegistry()
        self._known: dict[str, MetricWrapperBase] = {}

    def counter(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
        """Return the counter `name`; labels must never hold an id."""
        return self._get(Counter, name, documentation, labels)

    def gauge(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
        """Return the gauge `name`; labels must never hold an id."""
        return self._get(Gauge, name, documentation, labels)

    def histogram(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Histogram:
        """Return the histogram `name`, in seconds."""
        known = self._known.get(name)
        if known is None:
            known = Histogram(
                name,
                documentation,
                labels,
                registry=self.registry,
                buckets=LATENCY_BUCKETS_SECONDS,
            )
            self._known[name] = known
        return self._same_kind(known, Histogram)

    def _get(
        self, kind: type[Measure], name: str, documentation: str, labels: Sequence[str]
    ) -> Measure:
        known = self._known.get(name)
        if known is None:
            known = kind(name, documentation, labels, registry=self.registry)
            self._known[name] = known
        return self._same_kind(known, kind)

    @staticmethod
    def _same_kind(known: MetricWrapperBase, kind: type[Measure]) -> Measure:
        if not isinstance(known, kind):
            message = "A measure of another kind already has this name."
            raise TypeError(message)
        return known
