"""What Prometheus reads of an experiment or a shadow, where the engine has one."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bowerbird.engine import Engine
from bowerbird.experiments import Shadowed, Split


class TrialCollector(Collector):
    """Reads how arms and shadows stand when Prometheus asks.

    arms    bowerbird_arm_requests_total{arm}, bowerbird_arm_failures_total{arm}, bowerbird_arm_closed{arm}
    shadow  bowerbird_shadow_questions_total{what}: compared, dropped since too many waited, failed; and of those compared
            bowerbird_shadow_overlap (mean), bowerbird_shadow_same_first (share), bowerbird_shadow_seconds{side} (mean)
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """What there is."""
        if isinstance(self._engine, Split):
            yield from _arms(self._engine)
        if isinstance(self._engine, Shadowed):
            yield from _shadow(self._engine)


def _arms(split: Split) -> Iterable[Metric]:
    asked = CounterMetricFamily("bowerbird_arm_requests", "Requests of users of an arm.", labels=["arm"])
    failed = CounterMetricFamily("bowerbird_arm_failures", "Requests that an arm could not answer, and the control did.", labels=["arm"])
    closed = GaugeMetricFamily("bowerbird_arm_closed", "Whether the control answers for an arm.", labels=["arm"])
    for name, tally in split.tallies.items():
        asked.add_metric([name], tally.asked)
        failed.add_metric([name], tally.failed)
        closed.add_metric([name], tally.closed is not None)
    yield from (asked, failed, closed)


def _shadow(shadowed: Shadowed) -> Iterable[Metric]:
    compared = shadowed.compared
    questions = CounterMetricFamily("bowerbird_shadow_questions", "Questions for the challenger, by what came of them.", labels=["what"])
    for what, count in (("compared", compared.both), ("dropped", compared.dropped), ("failed", compared.failed)):
        questions.add_metric([what], count)
    yield questions
    if not compared.both:
        return
    yield GaugeMetricFamily("bowerbird_shadow_overlap", "Share of items that both slates have.", value=compared.overlap / compared.both)
    yield GaugeMetricFamily("bowerbird_shadow_same_first", "Share with the same first item.", value=compared.first / compared.both)
    seconds = GaugeMetricFamily("bowerbird_shadow_seconds", "Mean seconds of an answer.", labels=["side"])
    seconds.add_metric(["live"], compared.live_s / compared.both)
    seconds.add_metric(["shadow"], compared.shadow_s / compared.both)
    yield seconds
