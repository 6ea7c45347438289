"""A bundle that is to go live passes a gate: it has beaten the live one on the newest events, or somebody says why not."""

from pathlib import Path

from bowerbird.bundle import Bundle, now
from bowerbird.errors import BowerbirdError, BundleError
from bowerbird.protocols import Progress, silent
from bowerbird.retraining.contest import compare
from bowerbird.retraining.log import logged
from bowerbird.retraining.report import figures, read_outcome
from bowerbird.retraining.run import as_served
from bowerbird.retraining.settings import RetrainSettings
from bowerbird.retraining.shelf import Entry, Shelf
from bowerbird.retraining.watcher import loaded
from bowerbird.store import SqlStore


def promote(
    shelf: Shelf,
    path: Path,
    store: SqlStore,
    settings: RetrainSettings | None = None,
    *,
    by: str,
    force: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Entry:
    """Have a bundle go live in all servers that follow the registry.

    The gate: where the last retraining has judged it against the live one (its report is in the registry), that counts, unless it was
    taken back since. Else both are asked for what happened after
    the newest event that either has learned from (`compare`), and it must win. The first bundle of a registry has nobody to beat.

    path    of the bundle; from outside of the registry a copy is made in it
    store   the events that both are asked for
    by      who, for the audit log
    force   why it goes live without being judged; it is read and checked all the same
    raises  BundleError, in a sentence that is in the audit log too, if it cannot be read, is live already, or does not pass
    cost    two answers a question; reads the bundle
    """
    bundle = _read(shelf, path, by)
    entries = shelf.entries
    champion = entries[-1] if entries else None
    if champion is not None and champion.fingerprint == bundle.fingerprint:
        raise BundleError(f"bundle {path}: {bundle.fingerprint} is live already")
    measured: dict[str, float] = {}
    if force is not None:
        why = force
    elif champion is None:
        why = "no bundle was live before"
    else:
        try:
            why, measured = _judged(shelf, champion, bundle, store, settings or RetrainSettings(), seed, progress)
        except BowerbirdError as error:
            shelf.note(
                "refused", bundle.fingerprint, by=by, why=str(error), over=champion.fingerprint, figures=getattr(error, "figures", {})
            )
            raise
    place = path.resolve()
    if place.parent != shelf.folder.resolve():
        place = shelf.place(now())
        bundle.save(place)
    over = None if champion is None else champion.fingerprint
    shelf.put(place, bundle.fingerprint, by=by, why=why, over=over, forced=force is not None, figures=measured)
    return shelf.live


class NotBetterError(BundleError):
    """A bundle was judged, and does not go live."""

    def __init__(self, said: str, figures: dict[str, float]) -> None:
        super().__init__(said)
        self.figures = figures


def _read(shelf: Shelf, path: Path, by: str) -> Bundle:
    try:
        return Bundle.load(path)
    except BowerbirdError as error:
        shelf.note("refused", None, by=by, why=str(error))
        raise


def _judged(
    shelf: Shelf, champion: Entry, bundle: Bundle, store: SqlStore, settings: RetrainSettings, seed: int, progress: Progress
) -> tuple[str, dict[str, float]]:
    """Why it passes, and the figures."""
    last = read_outcome(shelf.report)
    taken_back = any(step.act == "rolled back" and step.bundle == bundle.fingerprint for step in shelf.audit.read()[0])
    won = last is not None and (last.verdict, last.champion, last.challenger) == ("won", champion.fingerprint, bundle.fingerprint)
    if last is not None and won and not taken_back:
        return last.why, last.figures
    live = loaded(champion)
    data = logged(store, live, progress=progress)
    contest = compare(as_served(live, store), as_served(bundle, store), data, settings, seed=seed, progress=progress)
    if contest.verdict != "won":
        said = f"bundle {bundle.fingerprint}: does not go live, {contest.verdict}: {contest.why}"
        raise NotBetterError(said, figures(contest))
    return contest.why, figures(contest)
