"""An experiment in settings: who is answered in which way."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from bowerbird.bundle import Config
from bowerbird.config import Settings, changed, parse, read_toml

Share = Annotated[float, Field(gt=0, lt=1)]

OVERRIDES = ("ranking.", "explain.")
"""What an arm may set: what acts on a fitted model as it is. Any other setting is a part of how a bundle is fitted."""


class Arm(Settings):
    """A way to answer, and the share of the users who are answered so.

    set     settings of the bundle by their dotted names, which differ: `"ranking.diversity" = 0.5`
    bundle  folder of another bundle; None = the one that is live
    """

    name: str = Field(pattern=r"^[^/\s]+$")
    share: Share
    set: dict[str, Any] = Field(default_factory=dict)
    bundle: Path | None = None

    @model_validator(mode="after")
    def _acts_online(self) -> "Arm":
        if wrong := [name for name in self.set if not name.startswith(OVERRIDES)]:
            raise ValueError(f"an arm may set ranking.* and explain.*, for what is else fit a bundle; got {wrong[0]}")
        return self

    @property
    def control(self) -> bool:
        """Whether it is answered as without the experiment."""
        return not self.set and self.bundle is None


class WatchSettings(Settings):
    """When an arm is closed while the experiment runs: its users are then answered as the first arm's.

    errors        share of requests that its engine failed to answer
    least         requests before that counts
    drop          close it also once its users surely earn less than the first arm's (the confidence sequence lies below 0)
    wait_minutes  between two looks at that
    """

    errors: Share = 0.02
    least: int = Field(default=50, ge=1)
    drop: bool = True
    wait_minutes: float = Field(default=10.0, gt=0)


class Experiment(Settings):
    """A table `[experiment]`: the first arm is the control, which changes nothing.

    name          with the arm's, is kept with each slate
    salt          another one deals the users anew
    window_hours  a user counts with what came of their slates in so many hours from their first one on
    level         of the confidence sequences, for all arms together

    >>> arms = [{"name": "plain", "share": 0.5}, {"name": "varied", "share": 0.5, "set": {"ranking.diversity": 0.5}}]
    >>> Experiment.model_validate({"name": "variety", "salt": "1", "arms": arms}).arms[1].control
    False
    """

    name: str = Field(pattern=r"^[^/\s]+$")
    salt: str = Field(min_length=1)
    arms: tuple[Arm, ...] = Field(min_length=2)
    window_hours: float = Field(default=24.0, gt=0)
    level: Share = 0.95
    watch: WatchSettings = Field(default_factory=WatchSettings)

    @model_validator(mode="after")
    def _whole(self) -> "Experiment":
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError(f"arms must have different names, got {', '.join(names)}")
        if abs(sum(arm.share for arm in self.arms) - 1) > 1e-9:
            raise ValueError(f"the shares of the arms must add up to 1, got {sum(arm.share for arm in self.arms):g}")
        if not self.arms[0].control:
            raise ValueError("the first arm is the control: it sets nothing and names no bundle")
        if idle := [arm.name for arm in self.arms[1:] if arm.control]:
            raise ValueError(f"arm {idle[0]!r} sets nothing and names no bundle, so it would be the control again")
        return self

    def label(self, arm: Arm) -> str:
        """What is kept of an arm with a slate."""
        return f"{self.name}/{arm.name}"

    def config(self, arm: Arm, config: Config) -> Config:
        """The settings of a bundle as the arm has them.

        raises  ConfigError where a setting is none, or refuses the value
        """
        return changed(config, arm.set) if arm.set else config


class Shadow(Settings):
    """A table `[shadow]`: a challenger that is asked too, and not shown.

    bundle  its folder
    share   of the requests of users
    queue   so many questions wait at most; more are dropped
    """

    bundle: Path
    share: float = Field(default=1.0, gt=0, le=1)
    queue: int = Field(default=64, ge=1)


class Trial(Settings):
    """What a server tries: a TOML file with one of the tables `[experiment]` and `[shadow]`."""

    experiment: Experiment | None = None
    shadow: Shadow | None = None

    @model_validator(mode="after")
    def _one(self) -> "Trial":
        if (self.experiment is None) == (self.shadow is None):
            raise ValueError("there must be one of the tables [experiment] and [shadow]")
        return self

    @staticmethod
    def load(path: Path) -> "Trial":
        """The settings of a file.

        raises  ConfigError that names the wrong setting, the rule and the value got
        """
        trial: Trial = parse(Trial, read_toml(path), str(path))
        return trial
