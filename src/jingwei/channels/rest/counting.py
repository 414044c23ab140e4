"""Counting for /metrics: decisions by result, batch sizes and latencies, cheap enough for every payment."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from jingwei.kernel.clock import SECOND

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)


class Spread:
    """How many values fell below each bound, and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def family(self, name: str, says: str) -> HistogramMetricFamily:
        """The histogram as Prometheus reads it: cumulative counts."""
        total, buckets = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        return HistogramMetricFamily(name, says, buckets=buckets, sum_value=self.sum)


class Counted:
    """What the payments endpoint counts; a Prometheus collector.

    `size` tells the number of records, `behind` by how many microseconds the machine's clock is ahead.
    """

    def __init__(self, size: Callable[[], int], behind: Callable[[], int] | None = None) -> None:
        self._size, self._behind = size, behind
        self._results: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._latencies = Spread(SECONDS)
        self._batches = Spread(SIZES)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def answered(self, seconds: float, status: int) -> None:
        """Count one answer of the payments endpoint."""
        self._statuses[status] += 1
        self._latencies.add(seconds)

    def decided(self, result: str) -> None:
        """Count one decision."""
        self._results[result] += 1

    def wrote(self, size: int) -> None:
        """Count one batch."""
        self._batches.add(size)

    def collect(self) -> Iterator[Metric]:
        """Every figure, as Prometheus families."""
        decisions = CounterMetricFamily(
            "jingwei_decisions", "Payments decided, by result.", labels=["result"]
        )
        for result, count in sorted(self._results.items()):
            decisions.add_metric([result], count)
        answers = CounterMetricFamily(
            "jingwei_payment_answers", "Answers of /v1/payments.", labels=["status"]
        )
        for status, count in sorted(self._statuses.items()):
            answers.add_metric([str(status)], count)
        yield decisions
        yield answers
        yield self._latencies.family("jingwei_payment_seconds", "Time from request to durable answer.")
        yield self._batches.family("jingwei_batch_commands", "Commands written together in one transaction.")
        yield GaugeMetricFamily("jingwei_records", "Records in the log.", value=self._size())
        says = "Seconds the machine's clock is ahead of the bank's; far from 0, set it right and restart."
        if self._behind is not None:
            yield GaugeMetricFamily("jingwei_clock_behind_seconds", says, value=self._behind() / SECOND)

    def text(self) -> bytes:
        """The page Prometheus reads."""
        return generate_latest(self._registry)
