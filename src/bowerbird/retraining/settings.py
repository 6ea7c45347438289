"""How a service retrains: said beside a bundle and not in it, since it is no part of what the model is made from."""

from typing import Annotated

from pydantic import Field, model_validator

from bowerbird.config import Settings, Span, refuse_idle

Share = Annotated[float, Field(gt=0, lt=1)]


class ContestSettings(Settings):
    """How a challenger is held against the champion.

    holdout          of the events that the champion has not learned from, the newest share is asked for
    holdout_days     in its place, what the newest so many days brought, but nothing that the champion has learned from
    k                NDCG at this cut-off decides
    margin           the challenger wins if the lower end of the interval of its lead, in NDCG, is above this. 0 = it must be better;
                     below 0, one that is newer and at most that much worse wins too
    level            of the interval
    least_questions  with fewer there is no contest
    least_users      likewise, asked in the questions
    most_questions   of more than these, so many are drawn by chance and asked
    """

    holdout: Share = 0.3
    holdout_days: Span = None
    k: int = Field(default=10, ge=1)
    margin: float = Field(default=0.0, gt=-1, lt=1)
    level: Share = 0.95
    least_questions: int = Field(default=200, ge=1)
    least_users: int = Field(default=30, ge=2)
    most_questions: int = Field(default=20_000, ge=1)

    @model_validator(mode="after")
    def _one_holdout(self) -> "ContestSettings":
        refuse_idle(self, "holdout_days", holdout=self.holdout_days is None)
        return self


class ScheduleSettings(Settings):
    """When a retraining is due.

    every_hours   since the champion's fit or the last attempt, whichever is later; `inf` = never by the clock
    breaks        drift that was seen so often since then makes one due before its hour; 0 = drift makes none due
    rest_hours    however great the drift, never sooner than this after the fit or the last attempt
    least_events  with fewer events that the champion has not learned from, none is due
    """

    every_hours: Span = 24.0
    breaks: int = Field(default=1, ge=0)
    rest_hours: float = Field(default=1.0, ge=0)
    least_events: int = Field(default=1000, ge=1)

    @model_validator(mode="after")
    def _can_be_due(self) -> "ScheduleSettings":
        if self.every_hours is None and self.breaks == 0:
            raise ValueError("every_hours = inf and breaks = 0 together never make a retraining due")
        refuse_idle(self, "breaks = 0", rest_hours=self.breaks > 0)
        return self


class GuardSettings(Settings):
    """When a bundle that went live is taken back, see `Guard`.

    alarm         the chance that a bundle is taken back which is as good as the one before it, however often and however long it is
                  looked at
    tolerance     share of the former rate that may be lost
    before        newest slates of the former bundle that its rate is taken from
    until         slates after which the new bundle is no longer watched
    wait_minutes  how long a slate may still be answered before it counts; one that nothing good has answered by then has earned nothing
    """

    alarm: Share = 0.05
    tolerance: float = Field(default=0.0, ge=0, lt=1)
    before: int = Field(default=20_000, ge=1)
    until: int = Field(default=100_000, ge=1)
    wait_minutes: float = Field(default=30.0, gt=0)


class RetrainSettings(Settings):
    """All of it, a table of `retrain.toml` each.

    warm  whether a fit may begin with the parameters of the one before, where the model can

    >>> RetrainSettings.model_validate({"schedule": {"every_hours": 168}}).schedule.every_hours
    168.0
    """

    contest: ContestSettings = Field(default_factory=ContestSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    guard: GuardSettings = Field(default_factory=GuardSettings)
    warm: bool = True
