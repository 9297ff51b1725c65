"""The way in: finds the command, runs it, and turns whatever happens into one exit code.

Only the module of the chosen command is imported, so that `--help` is quick; that is why the help
texts stand here.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from cli.escape import shown
from cli.exit_code import ExitCode


class Entry(NamedTuple):
    """Where a command lives and what it is for."""

    module: str
    """Has `configure(parser)` and `run(args) -> int`."""
    help: str


COMMANDS: dict[str, Entry] = {
    "run": Entry("cli.run", "run a track on a repository"),
    "resume": Entry("cli.resume", "go on with a run that was cut short, paused or waiting"),
    "runs": Entry("cli.runs", "list the runs of a repository"),
    "status": Entry("cli.status", "say how a run stands, ticket by ticket"),
    "log": Entry("cli.log", "print the events of a run"),
    "show": Entry("cli.show", "show the whole state of a run at any position or time"),
    "why": Entry("cli.why", "tell the chain of causes behind a ticket or a record"),
    "diff": Entry("cli.diff", "compare runs, or two moments of one"),
    "verify": Entry("cli.verify", "work out a whole run again, and name the first difference"),
    "recover": Entry("cli.recover", "say what is left of a damaged log, and save it when told to"),
    "context": Entry("cli.context", "show the exact prompt and answer of any turn"),
    "checkout": Entry("cli.checkout", "write the code of a run at any position into a folder"),
    "usage": Entry("cli.usage", "say what a run has used: tokens, money, calls and time"),
    "replay": Entry("cli.replay", "play a past run on the terminal, or go through it by hand"),
    "report": Entry("cli.report", "write a run as one HTML file that needs no network"),
    "export": Entry("cli.export", "write a run as events, as a trace, or as a state"),
    "fork": Entry("cli.fork", "begin a new run in the middle of another one"),
    "approvals": Entry("cli.approvals", "list what waits for a person, and what it would do"),
    "approve": Entry("cli.approve", "say yes to a request, as it stands or edited"),
    "reject": Entry("cli.reject", "say no to a request, with a reason"),
    "pause": Entry("cli.pause", "let a run begin nothing new"),
    "cancel": Entry("cli.cancel", "end a run as it stands, for good"),
    "unblock": Entry("cli.release", "set a blocked ticket free, with all its tries"),
    "retry": Entry("cli.release", "the same as unblock"),
    "skip": Entry("cli.skip", "go on without a ticket, as if it were done"),
    "budget": Entry("cli.budget", "show, raise or end what a run may spend"),
    "policy": Entry("cli.policy", "say what another policy would have allowed in past runs"),
    "check": Entry("cli.check", "validate a track file and write nothing"),
    "view": Entry("cli.view", "show a source file as a worker would see it"),
    "schema": Entry("cli.schema", "print the JSON Schemas of all that is read and written"),
    "doctor": Entry("cli.doctor", "show what is installed and which settings are in force"),
}
"""Every command, in the order of the help."""

_HELP, _VERSION = ("-h", "--help", "help"), ("-V", "--version")
_OWN = (*_HELP, *_VERSION)
"""Whoever asks for these gets words of ours alone, so that nothing has to be hidden."""
HINT = "`trackside --help` lists the commands"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see `cli.exit_code`); never raises."""
    _replace_closed_streams()
    _tolerate_poor_encodings()
    words = [*(sys.argv[1:] if argv is None else argv)]
    if not words or words[0] in _OWN:
        return _ended(words)
    from cli.redaction import redacted_output

    if not any(name.endswith(("_API_KEY", "_API_KEY_FILE")) for name in os.environ):
        with redacted_output():
            return _ended(words)
    from cli.errors import InputUnreadableError
    from cli.key_file import keys_from_files

    try:
        with keys_from_files(os.environ), redacted_output():
            return _ended(words)
    except InputUnreadableError as error:
        from cli.failure import exit_code_after

        return exit_code_after(error, wants_json="--json" in words)


def _ended(words: list[str]) -> int:
    """Run one command; return its exit code, however it ends."""
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else ExitCode.COMPLETED
    except BaseException as error:  # noqa: BLE001 - the edge of the program: all ends in a number
        from cli.failure import exit_code_after

        code = exit_code_after(error, wants_json="--json" in words)
    return int(code)


def _dispatch(words: list[str]) -> int:
    if not words:
        print(_overview(), file=sys.stderr)
        return ExitCode.BAD_INPUT
    name, *rest = words
    if name in COMMANDS:
        return _run(name, rest)
    if name in _HELP:
        print(_overview())
        return ExitCode.COMPLETED
    if name in _VERSION:
        from importlib.metadata import version

        print(f"trackside {version('trackside')}")
        return ExitCode.COMPLETED
    print(f"trackside: {shown(_unknown(name))}", file=sys.stderr)
    return ExitCode.BAD_INPUT


def _run(name: str, rest: list[str]) -> int:
    entry = COMMANDS[name]
    command = importlib.import_module(entry.module)
    parser = _Parser(
        prog=f"trackside {name}",
        description=f"{entry.help[0].upper()}{entry.help[1:]}.",
        allow_abbrev=False,
    )
    command.configure(parser)
    code: int = command.run(_parsed(parser, rest))
    return code


def _parsed(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """Return the arguments; what stands behind `--` is no option, whatever it begins with.

    Versions of argparse differ in what they make of `--`, so they never see it.
    """
    if "--" not in words:
        return parser.parse_intermixed_args(words)
    place = words.index("--")
    plain = [f"{_NO_OPTION}{word}" if word[:1] == "-" else word for word in words[place + 1 :]]
    args = parser.parse_intermixed_args([*words[:place], *plain])
    for name, value in vars(args).items():
        setattr(args, name, _bare(value))
    return args


_NO_OPTION = "\0"
"""Before a word that only looks like an option; no word that is typed can hold it."""


def _bare(value: Any) -> Any:  # noqa: ANN401 - whatever an argument is parsed to
    from pathlib import PurePath

    if isinstance(value, list):
        return [_bare(one) for one in value]
    if isinstance(value, str):
        return value.removeprefix(_NO_OPTION)
    if isinstance(value, PurePath):
        return type(value)(_bare(str(value)))
    return value


class _Parser(argparse.ArgumentParser):
    """Says on one escaped line what is wrong, and where to read on."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {shown(message)}; see `{self.prog} --help`", file=sys.stderr)
        sys.exit(ExitCode.BAD_INPUT)


def _overview() -> str:
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {entry.help}" for name, entry in COMMANDS.items())
    return (
        "usage: trackside COMMAND [ARGUMENTS]\n\n"
        "Runs tracks of dependent coding tickets with language-model workers.\n\n"
        f"commands:\n{listed}\n\n"
        "options:\n"
        "  -h, --help     this page; `trackside COMMAND --help` for the page of a command\n"
        "  -V, --version  the version\n"
    )


def _unknown(name: str) -> str:
    if name.startswith("-"):
        return f"unknown option {name}; {HINT}"
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=1)
    meant = f"did you mean `trackside {close[0]}`?" if close else HINT
    return f"unknown command {name}; {meant}"


def _replace_closed_streams() -> None:
    """Lead to nowhere what the caller has closed, before a log could get its number."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
            os.set_inheritable(nowhere, True)  # noqa: FBT003 - it has no other form
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - no pathlib; it lasts
            setattr(sys, name, stream)


def _tolerate_poor_encodings() -> None:
    """Let a terminal that lacks a character show its code instead."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
