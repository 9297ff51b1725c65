"""`trackside doctor`: what is installed, what may be written, and which settings are in force."""

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from cli.answers import Diagnosis, Finding, Setting, print_answer
from cli.errors import NoRepositoryError
from cli.escape import columns, json_text, path_text, shown
from cli.exit_code import ExitCode
from cli.places import cache_folder
from cli.settings import DEFAULT, load_settings
from cli.which_run import add_repository, repository_of
from events.errors import SettingsInvalidError
from events.reading import key_of
from events.settings import SandboxSettings
from models.key import KEY_NAMES, gemini_key
from store.run_folder import HOME
from workspace.errors import GitFailedError, GitUnusableError
from workspace.git import Git
from workspace.levels import choose

PACKAGES = (
    "google-genai", "msgspec", "pykka", "rich", "rpds-py", "structlog", "tree-sitter",
    "tree-sitter-python",
)  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_repository(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print what was found; the exit code is 2 if nothing can run before a problem is mended."""
    findings = [*_programs(), *_folders(args), *_key()]
    settings, problems = _settings(args)
    findings += problems
    ill = any(finding.problem and finding.essential for finding in findings)
    if args.json:
        code = "ill" if ill else "well"
        print_answer(Diagnosis(code=code, findings=tuple(findings), settings=tuple(settings)))
    else:
        print(*columns(map(_cells, findings)), sep="\n")
        print("\nsettings in force:")
        print(*columns(map(_setting_cells, settings)), sep="\n")
    return ExitCode.BAD_INPUT if ill else ExitCode.COMPLETED


def _programs() -> Iterator[Finding]:
    yield Finding(subject="trackside", value=metadata.version("trackside"))
    yield Finding(subject="python", value=f"{platform.python_version()} ({sys.executable})")
    try:
        yield Finding(subject="git", value=Git(Path("/")).line("version"), essential=True)
    except (GitUnusableError, GitFailedError) as error:
        yield Finding(subject="git", value="", problem=str(error), essential=True)
    for package in PACKAGES:
        try:
            yield Finding(subject=package, value=metadata.version(package), essential=True)
        except metadata.PackageNotFoundError:
            problem = "not installed; install trackside again"
            yield Finding(subject=package, value="", problem=problem, essential=True)
    yield _sandbox()


def _sandbox() -> Finding:
    """Look for the strongest level by trying it."""
    try:
        found = choose("auto", SandboxSettings(), [])
    except OSError as error:
        problem = error.strerror or str(error)
        return Finding(subject="sandbox", value="", problem=problem, essential=True)
    value = f"{found.level}: {found.description}"
    return Finding(subject="sandbox", value=value, problem=found.not_stronger)


def _folders(args: argparse.Namespace) -> Iterator[Finding]:
    try:
        home = repository_of(args) / HOME
    except NoRepositoryError as error:
        yield Finding(subject="run folders", value="", problem=str(error))
    else:
        yield _folder("run folders", home)
    yield _folder("worktrees", cache_folder())


def _folder(subject: str, folder: Path) -> Finding:
    """Look whether `folder` can be written, or made; nothing is."""
    nearest = next(above for above in (folder, *folder.parents) if above.exists())
    problem = ""
    if not nearest.is_dir():
        problem = f"{path_text(nearest)} is not a folder"
    elif not os.access(nearest, os.W_OK | os.X_OK):
        problem = f"{path_text(nearest)} cannot be written"
    return Finding(subject=subject, value=path_text(folder), problem=problem, essential=True)


def _key() -> Iterator[Finding]:
    if gemini_key(os.environ) is not None:
        name = next(name for name in KEY_NAMES if os.environ.get(name, "").strip())
        yield Finding(subject="key to Gemini", value=f"present in {name}")
    else:
        problem = f"set {' or '.join(KEY_NAMES)} to call gemini models"
        yield Finding(subject="key to Gemini", value="absent", problem=problem)


def _settings(args: argparse.Namespace) -> tuple[list[Setting], list[Finding]]:
    """Return what is in force, and what is wrong with the files that say so."""
    try:
        place = repository_of(args)
    except NoRepositoryError:
        place = Path(args.repo or "")
    try:
        loaded = load_settings(place, os.environ, {})
    except SettingsInvalidError as error:
        return [], [
            Finding(subject="settings", value="", problem=problem, essential=True)
            for problem in error.problems
        ]
    settings = [
        Setting(key=key, value=value, origin=loaded.origins.get(key, DEFAULT))
        for key, value in _flat("", msgspec.to_builtins(loaded.settings))
    ]
    return settings, [
        Finding(subject="environment", value=name, problem="sets nothing: there is no such key")
        for name in loaded.ignored
    ]


def _flat(place: str, value: object) -> Iterator[tuple[str, object]]:
    """Go through the values of nested tables by their dotted keys."""
    if not isinstance(value, dict) or not value:
        yield place, value
        return
    for name, inner in value.items():
        yield from _flat(key_of(place, name), inner)


def _cells(finding: Finding) -> list[str]:
    mark = "ok" if not finding.problem else "BAD" if finding.essential else "note"
    told = "; ".join(filter(None, (finding.value, finding.problem)))
    return [mark, finding.subject, shown(told)]


def _setting_cells(setting: Setting) -> list[str]:
    value = json_text(setting.value)
    return [f"  {shown(setting.key)}", value, shown(path_text(setting.origin))]
