import json
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Config
from bowerbird.cli.common import ConfigOption, EventsOption, ItemsOption, SeedOption, bars, dataset, out, settings
from bowerbird.cli.evaluate import SplitKind
from bowerbird.config import parse
from bowerbird.errors import DataError
from bowerbird.evaluation import frontier as pricing
from bowerbird.evaluation import study
from bowerbird.evaluation.replay import needed
from bowerbird.fitting import read_catalogue
from bowerbird.ranking import RerankSettings
from bowerbird.store.files import whole_file

LINES = ("mmr", "dpp", "exchange")
"""Where none is named."""

OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", help="Price this re-ranker: mmr, dpp, ssd, exchange, xquad, calibration. May be repeated.")
]

AppetiteOption = Annotated[bool, typer.Option("--appetite", help="Price each also with its strength stretched by each user's appetite.")]


def frontier(
    events: EventsOption,
    items: ItemsOption = None,
    config: ConfigOption = None,
    only: OnlyOption = None,
    rerank: Annotated[str | None, typer.Option("--rerank", help="Calibrate the dial of this one; the config's unless given.")] = None,
    appetite: AppetiteOption = False,
    split_kind: Annotated[SplitKind | None, typer.Option("--split", help="How to split; the config's unless given.")] = None,
    k: Annotated[int, typer.Option("--k", min=2, help="Lists of so many items.")] = 10,
    report: Annotated[Path | None, typer.Option("--out", help="Write everything measured to this JSON file.")] = None,
    plots: Annotated[Path | None, typer.Option("--plots", help="Draw the frontier into this folder.")] = None,
    config_out: Annotated[Path | None, typer.Option("--write", help="Write the config with the calibrated dial, a TOML file.")] = None,
    seed: SeedOption = 0,
) -> None:
    """What each strength of each re-ranker costs in accuracy and buys in variety, and a dial that keeps to budgets."""
    for library in ("plotly", "matplotlib") if plots else ():
        needed(library)
    if config_out is not None:
        study.needed("tomlkit")
        if not config_out.absolute().parent.is_dir():
            raise DataError(f"{config_out}: cannot be written, there is no such folder")
    chosen = settings(config)
    if split_kind is not None:
        chosen = chosen.model_copy(update={"split": chosen.split.model_copy(update={"kind": split_kind.value})})
    ranking = chosen.ranking.model_copy(update={"rerank": _settings(rerank, chosen)})
    reranks = [_settings(kind, chosen) for kind in only or LINES]
    with bars() as progress:
        data = dataset(events, items, chosen, progress)
        split = chosen.split_of(data.log, seed)
        ranking.rules.build(data.catalogue)
        catalogue = read_catalogue(data.catalogue, chosen, progress=progress, seed=seed)
        found = pricing.frontier(split, catalogue, chosen.model, ranking, reranks, appetite=appetite, k=k, seed=seed, progress=progress)
        measured = pricing.to_json(found, data.fingerprint)
    for table in pricing.tables(measured):
        out.print(table)
    for sentence in pricing.said(measured):
        out.print(sentence, highlight=False, soft_wrap=True)
    if report is not None:
        with whole_file(report) as part:
            part.write_text(json.dumps(measured, indent=1, allow_nan=False), encoding="utf-8")
        out.print(f"Wrote {report}.")
    if config_out is not None:
        text = "" if config is None else config.read_text(encoding="utf-8")
        with whole_file(config_out) as part:
            part.write_text(pricing.written(text, found, data.fingerprint), encoding="utf-8")
        out.print(f"Wrote {config_out}.")
    if plots is not None:
        out.print("Wrote " + ", ".join(str(path) for path in pricing.draw(measured, plots)) + ".")


def _settings(kind: str | None, config: Config) -> RerankSettings:
    """The config's settings where it names this kind, else the defaults of the kind."""
    own = config.ranking.rerank
    if kind is None or kind == own.kind:
        return own
    found: RerankSettings = parse(RerankSettings, {"kind": kind}, "re-ranker")
    return found
