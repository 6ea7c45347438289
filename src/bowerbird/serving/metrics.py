"""What Prometheus reads at `/metrics`: one registry for each app."""

from collections.abc import Iterable
from dataclasses import asdict

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bowerbird.answers import Answer
from bowerbird.conversation import Reply
from bowerbird.engine import Engine
from bowerbird.errors import StoreError
from bowerbird.retraining import Beside
from bowerbird.serving.handled import Handled
from bowerbird.serving.trials import TrialCollector
from bowerbird.serving.variety import FIRST, Shown, variety
from bowerbird.tracing import STAGES

BUCKETS_S = (0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
STAGE_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.1, 0.5, 2.5)
VARIETY_BUCKETS = tuple(tenth / 20 for tenth in range(1, 21))


class Metrics:
    """The counters of one app.

    requests  bowerbird_request_seconds{method, route, status}: by route template, never by path
    stages    bowerbird_stage_seconds{stage}: what each stage took of a request that had it
    looks     bowerbird_cache_lookups_total{cache, result}: hits and misses of requests in what is kept
    slates    bowerbird_slates_total{source}: slates made, by who asked (api, page)
    shown     bowerbird_slate_items_total: items in them
    varied    bowerbird_slate_diversity: mean distance of two items of a slate, by their language vectors
    seen      what the last slates showed, for bowerbird_catalogue_coverage, _distinct_items_shown and _recent_slates
    unread    bowerbird_unknown_context_total{feature}: features of a request's context that counted for nothing, since no model reads
              them or the value was never seen; "other" for those that the bundle does not declare, so labels stay few
    turns     bowerbird_chat_turns_total{led_by}: answers in conversations, by who led the turn
    dropped   bowerbird_chat_dropped_total: sentences and items of the chat model that were left out, as no tool had returned them
    errors    bowerbird_errors_total{error}: answers that were errors, by type
    retrain   bowerbird_retrain_running, _runs, _swaps, _failed and bowerbird_rollbacks: where the engine is retrained
    and       read from the engine when asked: bowerbird_events_total{kind}, bowerbird_slate_feedback_total{kind} (events accepted, by
              whatever way they came, and those that name the slate they answer; kinds that the bundle does not declare are refused, so
              labels stay few), bowerbird_bundle_info{fingerprint, model}, bowerbird_catalogue_items, bowerbird_log_offset,
              bowerbird_learned_offset, bowerbird_learned_lag_seconds, bowerbird_lessons{what}, bowerbird_drift_breaks
    """

    def __init__(self, engine: Engine, retraining: Beside | None = None) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "bowerbird_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ["method", "route", "status"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.slates = Counter("bowerbird_slates", "Slates made.", ["source"], registry=self.registry)
        self.shown = Counter("bowerbird_slate_items", "Items in the slates made.", registry=self.registry)
        self.varied = Histogram(
            "bowerbird_slate_diversity",
            "Mean distance of two items of a slate, 1 - cosine of their language vectors.",
            buckets=VARIETY_BUCKETS,
            registry=self.registry,
        )
        stages = Histogram(
            "bowerbird_stage_seconds", "What a stage of a request took.", ["stage"], buckets=STAGE_BUCKETS_S, registry=self.registry
        )
        self.stages = {stage: stages.labels(stage) for stage in STAGES}
        self.looks = Counter("bowerbird_cache_lookups", "Lookups in what is kept.", ["cache", "result"], registry=self.registry)
        self.seen = Shown()
        self.errors = Counter("bowerbird_errors", "Answers that were errors.", ["error"], registry=self.registry)
        self.unread = Counter(
            "bowerbird_unknown_context", "Features of a context that counted for nothing.", ["feature"], registry=self.registry
        )
        self.turns = Counter("bowerbird_chat_turns", "Answers in conversations, by who led the turn.", ["led_by"], registry=self.registry)
        self.dropped = Counter("bowerbird_chat_dropped", "What a chat model said and was left out.", registry=self.registry)
        self._engine = engine
        self.registry.register(_EngineCollector(engine, self.seen))
        self.registry.register(TrialCollector(engine))
        if retraining is not None:
            self.registry.register(_RetrainingCollector(retraining))

    def made(self, answer: Answer, source: str) -> None:
        """Count a slate."""
        self.slates.labels(source).inc()
        self.shown.inc(len(answer.items))
        for feature in answer.unread:
            self.unread.labels(feature if feature in self._engine.features else "other").inc()
        first = [one.item for one in answer.items[:FIRST]]
        self.seen.add(first)
        if (varied := variety(first, self._engine.catalogue)) is not None:
            self.varied.observe(varied)

    def handled(self, handled: Handled) -> None:
        """Measure a request that is over."""
        self.requests.labels(handled.method, handled.route, handled.status).observe(handled.seconds)
        if handled.error is not None:
            self.errors.labels(handled.error).inc()
        for stage, ms in handled.trace.milliseconds().items():
            self.stages[stage].observe(ms / 1000)
        for (cache, hit), count in handled.trace.looks.items():
            self.looks.labels(cache, "hit" if hit else "miss").inc(count)

    def answered(self, reply: Reply) -> None:
        """Count an answer in a conversation."""
        self.turns.labels(reply.how).inc()
        self.dropped.inc(reply.dropped)

    def text(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        return generate_latest(self.registry)


class _EngineCollector(Collector):
    """Reads the engine when Prometheus asks, so that a swap of the bundle shows at once."""

    def __init__(self, engine: Engine, seen: Shown) -> None:
        self._engine = engine
        self._seen = seen

    def collect(self) -> Iterable[Metric]:
        bundle = self._engine.bundle
        info = GaugeMetricFamily("bowerbird_bundle_info", "The bundle that answers now.", labels=["fingerprint", "model"])
        info.add_metric([bundle.fingerprint, bundle.model.kind], 1)
        yield info
        yield GaugeMetricFamily("bowerbird_catalogue_items", "Items that the engine knows now.", value=len(self._engine.catalogue))
        yield from self._shown()
        yield from self._taken()
        yield from self._learned()
        try:
            newest = self._engine.store.newest()
        except StoreError:
            return  # the other figures are wanted all the more
        yield GaugeMetricFamily("bowerbird_log_offset", "Offset of the newest event in the log.", value=newest)

    def _shown(self) -> Iterable[Metric]:
        seen, items = self._seen, len(self._engine.catalogue)
        yield GaugeMetricFamily("bowerbird_recent_slates", "Slates that coverage is reckoned over, the last ones.", value=seen.slates)
        yield GaugeMetricFamily("bowerbird_distinct_items_shown", "Items that these slates showed.", value=seen.distinct)
        coverage = seen.distinct / items if items else 0.0
        yield GaugeMetricFamily("bowerbird_catalogue_coverage", "Share of the catalogue that these slates showed.", value=coverage)

    def _taken(self) -> Iterable[Metric]:
        taken = self._engine.taken
        events = CounterMetricFamily("bowerbird_events", "Events accepted, corrections of profiles among them.", labels=["kind"])
        answers = CounterMetricFamily("bowerbird_slate_feedback", "Events accepted that name the slate they answer.", labels=["kind"])
        for family, counts in ((events, taken.kinds), (answers, taken.answers)):
            for kind, count in counts.items():
                family.add_metric([kind], count)
            yield family

    def _learned(self) -> Iterable[Metric]:
        learned = self._engine.learned
        lag = "Seconds since what learns from the log was last abreast of it."
        yield GaugeMetricFamily("bowerbird_learned_lag_seconds", lag, value=self._engine.behind_s)
        yield GaugeMetricFamily("bowerbird_learned_offset", "Newest event that what learns was told of.", value=learned.offset)
        lessons = GaugeMetricFamily("bowerbird_lessons", "Events since the bundle was fitted, by what they taught.", labels=["what"])
        for what in ("taught", "passed", "unknown"):
            lessons.add_metric([what], getattr(learned, what))
        yield lessons
        words = GaugeMetricFamily("bowerbird_worded_reasons", "Reasons by what came of asking a chat model.", labels=["what"])
        for what, count in asdict(self._engine.worded).items():
            words.add_metric([what], count)
        yield words
        store, dropped = self._engine.store, self._engine.slates_dropped
        yield GaugeMetricFamily("bowerbird_slates_dropped", "Slates not logged, since the store did not answer.", value=dropped)
        recalled = self._engine.recalled
        yield GaugeMetricFamily("bowerbird_recalled", "Requests answered from memory, since the store did not answer.", value=recalled)
        yield GaugeMetricFamily("bowerbird_unknown_slates", "Events that named a slate that is not logged.", value=store.unknown_slates)
        why_not = "Events and slates not stored, since their user objects or was erased."
        left_out = GaugeMetricFamily("bowerbird_left_out", why_not, labels=["why"])
        for why, count in store.left_out.items():
            left_out.add_metric([why], count)
        yield left_out
        yield GaugeMetricFamily("bowerbird_drift_breaks", "Breaks seen in how well events are foreseen.", value=learned.drift.breaks)


class _RetrainingCollector(Collector):
    """Reads how retraining stands when Prometheus asks."""

    def __init__(self, retraining: Beside) -> None:
        self._retraining = retraining

    def collect(self) -> Iterable[Metric]:
        state, sentry = self._retraining.retrainer.state, self._retraining.sentry
        yield GaugeMetricFamily("bowerbird_retrain_running", "Whether a challenger is being fitted.", value=state.running)
        yield GaugeMetricFamily("bowerbird_retrain_runs", "Retrainings begun since the start.", value=state.runs)
        yield GaugeMetricFamily("bowerbird_retrain_swaps", "Challengers that went live since the start.", value=state.swaps)
        yield GaugeMetricFamily("bowerbird_retrain_failed", "Whether the last retraining failed.", value=state.error is not None)
        yield GaugeMetricFamily("bowerbird_rollbacks", "Bundles taken back since the start.", value=sentry.rollbacks)
