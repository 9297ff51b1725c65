"""What compilers, linters, shells and other tools print, as a table: one expression each.

An expression is anchored at the start of a line. Its groups are the fields of a `Cause`. Of a rule
that fires more than once, the first place counts.
"""

import re
from dataclasses import dataclass

from events.diagnosis.cause import Cause, next_line


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of message looks."""

    name: str
    pattern: re.Pattern[str]
    what: str
    """How the message is put, from the groups of `pattern`."""

    def __call__(self, text: str) -> Cause | None:
        """Return the first such message in `text`, or None."""
        match = self.pattern.search(text)
        if match is None:
            return None
        said = {name: words or "" for name, words in match.groupdict().items()}
        where, who, more = (said.get(name, "") for name in ("where", "who", "more"))
        what = self.what.format_map(said)
        if what.endswith(":"):
            what += next_line(text, match.end())
        return Cause(match.start("what"), what, where, who, more)


def _rule(name: str, pattern: str, what: str = "{what}") -> Rule:
    return Rule(name, re.compile("^" + pattern, re.MULTILINE), what)


_AT = r"(?P<where>[^\s:]+:\d+)"
"""``path:line``, the path without blanks."""
_FILE_AT = r"(?P<where>[^\s:][^:\n]*:\d+)"
"""``path:line`` at the start of a line."""
_REST = r"(?P<what>[^\n]+)"
_SH = r"\S*sh: (?:-c: )?(?:line )?(?:\d+: )?"
_THREE_LINES = r"\n[^\n]*\n[^\n]*\n"

SHELLS = (
    _rule(
        "command not found",
        _SH + r"(?P<what>[^:\n]+): (?:command )?not found$",
        "command not found: {what}",
    ),
    _rule("command not found, zsh", r"\S*sh:\S* (?P<what>command not found: [^\n]+)"),
    _rule("command not found, env", r"(?:make\S*|env): (?P<what>\S+: No such file or directory)$"),
    _rule("shell", _SH + _REST),
)

COMPILERS = (
    _rule(
        "javac, unknown symbol",
        _FILE_AT + ": error: (?P<what>cannot find symbol)" + _THREE_LINES + " +symbol: +(?P<s>.+)",
        "{what}: {s}",
    ),
    _rule("gcc, clang, javac, mypy", _FILE_AT + r"(?::\d+)?: (?:fatal )?error: " + _REST),
    _rule(
        "linker",
        r"(?:\S*ld: )?(?:(?P<where>[^\s:]+):)?[^\n]*?\b"
        r"(?P<what>(?:undefined reference|multiple definition) [^\n]+)",
    ),
    _rule("rustc", r"(?P<what>error(?:\[E\d+\])?: [^\n]+)\n *--> " + _AT),
    _rule("sanitizer", r"SUMMARY: (?P<what>\w+Sanitizer: \S+) " + _AT),
    _rule("assert of C", r"(?:[^\s:]+: )?" + _AT + r": [^\n]*?(?P<what>Assertion [^\n]+ failed)"),
    _rule("tsc", r"(?P<where>[^\s(]+\(\d+,\d+\)): error (?P<what>TS\d+: [^\n]+)"),
    _rule("go", r"(?P<where>(?:\./)?[^\s:]+\.go:\d+):\d+: " + _REST),
)

LINTERS = (
    _rule("ruff", r"(?P<what>(?:[A-Z]{1,6}\d{2,5}|invalid-syntax):? [^\n]+)\n *--> " + _AT),
    _rule("ruff format", r"unformatted: (?P<what>File would be reformatted)\n *--> " + _AT),
    _rule("formatter", r"[Ww]ould reformat:? (?P<what>\S+)", "would reformat {what}"),
    _rule(
        "settings of ruff",
        r"ruff failed\n(?:  Cause: [^\n]*\n){0,9}?  Cause: (?P<what>Failed to parse [^\n]+)"
        r"(?:\n  Cause: (?P<more>TOML[^\n]*))?",
    ),
    _rule("flake8, pylint, ruff", _AT + r":\d+: (?P<what>[A-Z]+\d+:? [^\n]+)"),
    _rule("import-linter", r"(?P<what>\S+ is not allowed to import \S+?):?$"),
    _rule(
        "coverage",
        r"(?:FAIL |ERROR: )?(?P<what>(?:Required test coverage|Coverage failure:) [^\n]+)",
    ),
)

RUNTIMES = (
    _rule(
        "panic of Rust",
        r"thread '(?:main|(?P<who>[^'\n]*))'[^\n]* panicked at " + _AT + r":\d+:\n"
        r"(?P<what>[^\n]+(?:\n +left: [^\n]+\n +right: [^\n]+)?)",
    ),
    _rule("panic of old Rust", r"thread '[^'\n]*' panicked at (?P<what>'[^\n]+'), " + _AT),
    _rule("panic of Go", r"(?P<what>panic: [^\n]+)"),
    _rule("python that cannot start", r"\S*python[\d.]*: " + _REST),
    _rule("thrown in Node", _AT + r"\n[^\n]*\n *\^+\n(?P<what>\S[^\n]*)$"),
    _rule("perl", r"(?P<what>\S[^\n]*?) at (?P<where>\S+ line \d+)\.$"),
)

TOOLS = (
    _rule("merge conflict", r"(?P<what>CONFLICT [^\n]+)"),
    _rule("git", r"(?P<what>fatal: [^\n]+)"),
    _rule("npm", r"npm (?:error|ERR!) (?!code |errno |path |A complete log)(?P<what>\S[^\n]+)"),
    _rule("usage", r"(?P<what>[\w./-]+: error: [^\n]+)"),
    _rule("make", r"(?:make\S*|" + _AT + r"): \*\*\* (?P<what>[^\[\n][^\n]+)"),
    _rule(
        "conftest of pytest",
        r"ImportError while loading conftest '(?P<who>[^'\n]+)'[^\n]*\n"
        r"(?:[^E\n][^\n]*\n){0,50}E +(?P<what>[^\n]+)",
    ),
    _rule("error in capitals", r"(?P<what>ERROR: (?!usage: )[^\n]+)"),
    _rule("error", r"(?P<what>error: [^\n]+)"),
    _rule("nothing collected", r"=* ?(?P<what>no tests ran) in "),
    _rule("nothing selected", r"=* ?(?P<what>\d+ deselected) in ", "no tests ran: {what}"),
    _rule(
        "count of pytest",
        r"(?P<who>\S+\.py) [.\w]*[FE][^\n]*\n"
        r"(?:[^=\n][^\n]*\n|\n){0,50}=+ (?P<what>\d+ (?:failed|error)[^=\n]*)",
    ),
    _rule("recipe of make", r"(?P<more>[^\n]+)\nmake\S*: \*\*\* (?P<what>\[[^\n]+)"),
)
