"""Let other libraries answer an exchange folder: `python benchmarks/peers/run.py EXCHANGE_DIR [PEER …]`.

`bowerbird.evaluation.exchange.write_exchange` makes such a folder. Each peer is installed into an environment of its own, `.venv-peers`
beside this script, the first time that it runs. One that cannot be installed or fails says why in a sentence, and the rest go on.
"""

import argparse
import shutil
from pathlib import Path

from bowerbird.evaluation.peers import Peer, find_peers, run
from bowerbird.evaluation.task import Report

HERE = Path(__file__).parent


def main() -> None:
    """Each peer answers a copy of the folder, EXCHANGE_DIR/PEER."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exchange", type=Path, metavar="EXCHANGE_DIR")
    parser.add_argument("peers", nargs="*", metavar="PEER", help="all, unless named")
    chosen = parser.parse_args()
    found = {peer.name: peer for peer in find_peers(HERE)}
    if unknown := set(chosen.peers) - set(found):
        parser.error(f"no peer {', '.join(sorted(unknown))}; there are {', '.join(found)}")
    for name in chosen.peers or found:
        print(told(found[name], chosen.exchange))


def told(peer: Peer, exchange: Path) -> str:
    """What is to be said of the peer's run."""
    folder = exchange / peer.name
    folder.mkdir(exist_ok=True)
    for path in (exchange / "task.json", *exchange.glob("*.parquet")):
        shutil.copy(path, folder)
    report = run(peer, folder)
    if not isinstance(report, Report):
        return report
    lines = [
        f"{report.peer} {report.version}, {name}: tuned in {spent.tune_seconds:.1f} s, fitted in {spent.fit_seconds:.1f} s, "
        f"{spent.peak_memory_mb:.0f} MB, {spent.settings}"
        for name, spent in report.of_models().items()
    ]
    return "\n".join([*lines, *([report.note] if report.note else [])])


if __name__ == "__main__":
    main()
