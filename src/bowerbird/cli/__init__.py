"""The command line: one command a file, no logic. `bowerbird --help` lists them."""

import sys

import typer
from rich.console import Console

from bowerbird import __version__
from bowerbird.cli.bench import bench
from bowerbird.cli.bundles import bundles
from bowerbird.cli.demo import demo
from bowerbird.cli.evaluate import evaluate
from bowerbird.cli.experiment import experiment
from bowerbird.cli.fit import fit
from bowerbird.cli.frontier import frontier
from bowerbird.cli.inspect import inspect
from bowerbird.cli.keys import keys
from bowerbird.cli.mcp import mcp
from bowerbird.cli.offpolicy import offpolicy
from bowerbird.cli.profile import profile
from bowerbird.cli.rebuild import rebuild
from bowerbird.cli.recommend import recommend
from bowerbird.cli.replay import replay
from bowerbird.cli.retrain import retrain
from bowerbird.cli.serve import serve
from bowerbird.cli.tune import tune
from bowerbird.cli.tune_encoder import tune_encoder
from bowerbird.cli.tune_ranker import tune_ranker
from bowerbird.cli.users import users
from bowerbird.errors import BowerbirdError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for command in (
    fit,
    evaluate,
    replay,
    frontier,
    offpolicy,
    tune,
    tune_encoder,
    tune_ranker,
    bench,
    recommend,
    serve,
    mcp,
    retrain,
    rebuild,
    inspect,
    profile,
    demo,
):
    app.command()(command)
app.add_typer(bundles, name="bundles")
app.add_typer(experiment, name="experiment")
app.add_typer(keys, name="keys")
app.add_typer(users, name="users")


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and end.")) -> None:
    """Recommendations from behaviour logs and item texts: live, diverse, explained."""
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; a mistake ends in one sentence on standard error and exit code 1, Ctrl-C in 130."""
    try:
        app()
    except BowerbirdError as error:
        Console(stderr=True).print(f"[red]error:[/red] {_plain(error)}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        Console(stderr=True).print(f"[red]error:[/red] {where}{error.strerror or error}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _plain(error: Exception) -> str:
    """The message with nothing in it taken for rich markup."""
    return str(error).replace("[", r"\[")
