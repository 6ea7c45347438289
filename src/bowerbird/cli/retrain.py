import json
from pathlib import Path
from typing import Annotated

import typer

from bowerbird import retraining
from bowerbird.bundle import Bundle, Config, now
from bowerbird.cli.common import SeedOption, StoreOption, bars, cleaning_table, err, out
from bowerbird.config import parse, read_toml
from bowerbird.retraining import Outcome, RetrainSettings, ScheduleSettings
from bowerbird.store import SqlStore
from bowerbird.store.files import whole_file
from bowerbird.types import Json

SettingsOption = Annotated[Path | None, typer.Option("--settings", help="How to retrain, a TOML file.")]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Write everything measured to this JSON file; with --if-due, read the last attempt from it.")
]


def retrain(
    bundle: Annotated[Path, typer.Option("--bundle", help="The champion: the folder of the bundle that is served.")],
    out_path: Annotated[Path, typer.Option("--out", help="The folder to write the bundle to, if the challenger wins.")],
    store: StoreOption = "sqlite:///bowerbird.db",
    config: Annotated[Path | None, typer.Option("--config", help="The challenger's settings, a TOML file; else the champion's.")] = None,
    settings: SettingsOption = None,
    if_due: Annotated[bool, typer.Option("--if-due", help="Do nothing unless the schedule says that it is time.")] = False,
    report: ReportOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON in place of the table.")] = False,
    seed: SeedOption = 0,
) -> None:
    """Fit a challenger on the event log; if it beats the bundle that is served on the newest events, write it."""
    chosen = RetrainSettings() if settings is None else parse(RetrainSettings, read_toml(settings))
    challenger = None if config is None else Config.load(config)
    champion, begun = Bundle.load(bundle), now()
    with SqlStore(store) as log, bars() as progress:
        wait = _wait(champion, log, chosen.schedule, report) if if_due else None
        if wait is None:
            done = retraining.retrain(champion, log, challenger, chosen, now=begun, seed=seed, progress=progress)
            written = None if done.bundle is None else done.bundle.fingerprint
            if done.bundle is not None:
                done.bundle.save(out_path)
    if wait is not None:
        outcome = Outcome(at=begun, verdict="not due", why=wait, champion=champion.fingerprint)
        _say(retraining.to_json(outcome, chosen, seed), f"Nothing was done: {wait}.", as_json=as_json)
        return
    contest = done.contest
    outcome = Outcome(
        at=begun,
        verdict=contest.verdict,
        why=contest.why,
        champion=champion.fingerprint,
        challenger=written,
        figures=retraining.figures(contest),
    )
    measured = retraining.to_json(outcome, chosen, seed, contest, done.data)
    err.print(cleaning_table(done.data.report))
    if not as_json and (shown := retraining.table(contest, chosen)) is not None:
        out.print(shown)
    _say(measured, _sentence(outcome, out_path), as_json=as_json)
    if report is not None:
        with whole_file(report) as part:
            part.write_text(json.dumps(measured, indent=1, allow_nan=False), encoding="utf-8")


def _wait(champion: Bundle, log: SqlStore, schedule: ScheduleSettings, report: Path | None) -> str | None:
    """Why nothing is due; None if it is. Drift is seen by a server alone, so the clock decides."""
    last = None if report is None else retraining.read_outcome(report)
    tried = None if last is None or last.champion != champion.fingerprint else last.at
    found = retraining.due(
        schedule, fitted=champion.created, tried=tried, at=now(), new_events=retraining.new_events(champion, log, schedule.least_events)
    )
    return None if found.now else found.why


def _sentence(outcome: Outcome, path: Path) -> str:
    said = outcome.why
    if outcome.verdict == "won":
        return f"The challenger won, was fitted again on everything, and is in {path}: {said}."
    if outcome.verdict == "lost":
        return f"The challenger lost, and nothing was written: {said}."
    return f"No contest, and nothing was written: {said}."


def _say(measured: Json, sentence: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(measured, allow_nan=False))
    else:
        out.print(sentence, highlight=False, soft_wrap=True)
