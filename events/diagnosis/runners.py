"""What unittest, doctest and reports in TAP say: which test failed first, why, where, how many."""

import re

from events.diagnosis.cause import Cause
from events.diagnosis.tracebacks import python_exception

_HEADING = re.compile(
    r"^={70}\n(?:ERROR|FAIL): (?P<name>\S+)(?: \((?P<of>[^)\n]+)\))?[^\n]*\n(?:[^\n]+\n)??-{70}\n",
    re.MULTILINE,
)
_DOCTEST = re.compile(
    r"^(?:Expected:\n(?P<expected>(?:    [^\n]*\n)+)|Expected nothing\n)"
    r"(?:Got:\n(?P<got>(?:    [^\n]*\n)+)|Got nothing)",
    re.MULTILINE,
)
_EXAMPLE = re.compile(
    r'^File "(?P<path>[^"\n]+)", line (?P<line>\d+), in (?P<who>\S+)\nFailed example:', re.MULTILINE
)
_TAP = re.compile(r"^ *not ok \d+ - (?P<who>[^\n]+)\n *---\n(?P<body>(?: [^\n]*\n)+)", re.MULTILINE)
_TAP_ERROR = re.compile(
    r"^(?P<indent> *)error: (?:\|-(?P<lines>(?:\n(?P=indent)  [^\n]*)*)|(?P<line>[^\n]+))",
    re.MULTILINE,
)
_TAP_PLACE = re.compile(r"(?P<path>[^\s()':]+\.[cm]?[jt]sx?):(?P<line>\d+):\d+")
MOST_CHARS = 20_000


def unittest_report(text: str) -> Cause | None:
    """Return the first failure of unittest's report."""
    headings = [*_HEADING.finditer(text)]
    if not headings:
        return None
    first = headings[0]
    end = headings[1].start() if len(headings) > 1 else len(text)
    section = text[first.end() : end].partition("\n" + "-" * 70)[0]
    found = python_exception(section) or Cause(0, section.strip().partition("\n")[0])
    name, of = first["name"], first["of"] or ""
    who = name if "_FailedTest" in of else of if of.endswith(name) else f"{of}.{name}".strip(".")
    others = len(headings) - 1
    more = found.more or (f"and {others} more" if others else "")
    return found._replace(at=first.end() + found.at, who=who, more=more)


def tap_report(text: str) -> Cause | None:
    """Return the first failure of a report in the Test Anything Protocol, as Node prints it."""
    tests = [*_TAP.finditer(text)]
    if not tests:
        return None
    first = tests[0]
    error = _TAP_ERROR.search(first["body"])
    what = " ".join((error["lines"] or error["line"]).split()) if error else "failed"
    stack = max(first["body"].find("stack:"), 0)
    place = _TAP_PLACE.search(first["body"], stack)
    where = f"{place['path']}:{place['line']}" if place else ""
    more = f"and {len(tests) - 1} more" if len(tests) > 1 else ""
    return Cause(first.start(), what, where, who=first["who"], more=more)


def doctest_report(text: str) -> Cause | None:
    """Return the first failure that doctest printed by itself, without a runner."""
    example = _EXAMPLE.search(text)
    if example is None:
        return None
    section = text[example.end() : example.end() + MOST_CHARS].partition("\n" + "*" * 70)[0] + "\n"
    found = doctest_difference(section) or python_exception(section)
    what = found.what if found else "failed"
    return Cause(example.start(), what, f"{example['path']}:{example['line']}", example["who"])


def doctest_difference(text: str) -> Cause | None:
    """Return what the first failed example expected, and what it got instead."""
    match = _DOCTEST.search(text)
    if match is None:
        return None
    expected, got = (match[side] or "nothing" for side in ("expected", "got"))
    return Cause(match.start(), f"expected {expected.strip()}, got {got.strip()}")
