"""Running the command line in this process."""

import pytest

from bowerbird.cli import main


def ended(capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """What came of the command in `sys.argv`: exit code, standard output, standard error."""
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    printed = capsys.readouterr()
    return code, printed.out, printed.err
