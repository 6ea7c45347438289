from pathlib import Path
from typing import Annotated

import typer

from bowerbird.bundle import Config
from bowerbird.cli.common import ConfigOption, EventsOption, ItemsOption, SeedOption, bars, dataset, out, settings
from bowerbird.cli.evaluate import SplitKind
from bowerbird.data import Dataset
from bowerbird.errors import DataError
from bowerbird.evaluation import Bench, study
from bowerbird.fitting import read_catalogue
from bowerbird.protocols import Progress
from bowerbird.store.files import whole_file

TRIALS = 20
"""Where neither trials nor minutes are given."""


def tune(
    events: EventsOption,
    out_path: Annotated[Path, typer.Option("--out", help="The TOML file to write: the config with the best settings, for `fit`.")],
    items: ItemsOption = None,
    config: ConfigOption = None,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help=f"At most so many in all; {TRIALS} unless --minutes is given.")
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0, help="No trial begins later than that.")] = None,
    file: Annotated[Path | None, typer.Option("--study", help="Keep the trials in this SQLite file; the same command goes on.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Trials side by side, in processes that share --study.")] = 1,
    split_kind: Annotated[SplitKind | None, typer.Option("--split", help="How to split; the config's unless given.")] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="NDCG at this cut-off is what counts.")] = 10,
    seed: SeedOption = 0,
    plots: Annotated[Path | None, typer.Option("--plots", help="Draw history and importance into this folder.")] = None,
) -> None:
    """Search for better settings of the configured model on the validation cases, and write them as a config."""
    for library in ("optuna", "tomlkit", *(("plotly", "matplotlib") if plots else ())):
        study.needed(library)
    if not out_path.absolute().parent.is_dir():
        raise DataError(f"{out_path}: cannot be written, there is no such folder")
    chosen = settings(config)
    text = "" if config is None else config.read_text(encoding="utf-8")
    if split_kind is not None:
        chosen = chosen.model_copy(update={"split": chosen.split.model_copy(update={"kind": split_kind.value})})
    with bars() as progress:
        data = dataset(events, items, chosen, progress)
        bench = _bench(data, chosen, trials or (TRIALS if minutes is None else study.ENDLESS), k, seed, progress)
        found = study.search(chosen.model, bench, minutes=minutes, file=file, jobs=jobs, facts=_facts(data, chosen))
    out.print(study.table(found))
    for sentence in study.said(found):
        out.print(sentence, highlight=False)
    with whole_file(out_path) as part:
        part.write_text(study.written(text, found), encoding="utf-8")
    out.print(f"Wrote {out_path}.")
    if plots is not None:
        out.print("Wrote " + ", ".join(str(path) for path in study.draw(found, plots)) + ".")
    if found.interrupted:
        raise typer.Exit(130)


def _bench(data: Dataset, config: Config, trials: int, k: int, seed: int, progress: Progress) -> Bench:
    return Bench(
        config.split_of(data.log, seed),
        read_catalogue(data.catalogue, config, progress=progress),
        budget=trials,
        ks=(k,),
        seed=seed,
        repeats=config.ranking.repeats,
        progress=progress,
    )


def _facts(data: Dataset, config: Config) -> dict[str, str]:
    """What scores rest on besides the model and the bench."""
    tables = {name: getattr(config, name).model_dump(mode="json") for name in ("split", "encoder", "text")}
    return {"data": data.fingerprint, **{f"{name}.{key}": str(value) for name, table in tables.items() for key, value in table.items()}}
