"""Where a traceback goes: into a file, so that the screen holds one line that names it."""

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cli.redaction import Redactor

_run_folders: list[Path] = []
"""Run folders that this process works in, the latest last."""


def keep_reports_in(run_folder: Path) -> None:
    """Have reports from now on written to the folder of the run that is worked on."""
    _run_folders.append(run_folder)


def write_report(error: BaseException) -> Path | None:
    """Return the new file that holds the traceback of `error`; None if nowhere can be written.

    The file is for its owner only, and holds no key.
    """
    report = _report(error)
    name = f"bug-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}.txt"
    for folder in _folders(os.environ):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / name
            with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
                path.chmod(0o600)
                file.write(report)
            return path
    return None


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    yield from reversed(_run_folders)
    state = environment.get("XDG_STATE_HOME", "")
    if state.startswith("/"):
        yield Path(state) / "trackside"
    else:
        yield Path(os.path.expanduser("~")) / ".local" / "state" / "trackside"  # noqa: PTH111 - never raises
    with suppress(FileNotFoundError):  # none can be written
        yield Path(tempfile.gettempdir())


def _report(error: BaseException) -> str:
    """Return all that a maintainer needs; what a bug left unprintable is said to be so."""
    try:
        trace = "".join(traceback.format_exception(error))
    except Exception as another:  # noqa: BLE001 - a bug can sit in the `__str__` of the error itself
        trace = f"{type(error).__name__}, whose traceback fails with {type(another).__name__}\n"
    lines = (
        f"command: {' '.join(sys.argv)}",
        f"python: {platform.python_version()} on {platform.platform()}",
        "",
        trace,
    )
    return Redactor(os.environ)("\n".join(lines))
