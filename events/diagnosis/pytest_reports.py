"""What pytest prints: which test failed first, why, where, and how many more."""

import re
from typing import NamedTuple

from events.diagnosis.cause import Cause, is_ours
from events.diagnosis.runners import doctest_difference
from events.diagnosis.tracebacks import LINK, innermost, python_exception

_SECTION = re.compile(r"^=+ (?:FAILURES|ERRORS|short test summary info) =+$", re.MULTILINE)
_SECTION_END = re.compile(r"^(?:=+ .+ =+|_+ [^\s_][^\n]* _+)$", re.MULTILINE)
_TITLE = re.compile(r"^_+ (?P<title>[^\s_][^\n]*) _+$", re.MULTILINE)
_FAILED = re.compile(r"^(?:FAILED|ERROR|SUBFAIL\S*) (?P<said>[^\n]+)", re.MULTILINE)
_SUMMARY = re.compile(r"^=+ short test summary info =+$", re.MULTILINE)
_SAID = re.compile(r"^E +(?P<what>\S[^\n]*)", re.MULTILINE)
_SAID_ERROR = re.compile(r"^E +(?P<what>(?:Syntax|Indentation|Tab)Error: [^\n]*)", re.MULTILINE)
_SAID_PLACE = re.compile(r'^E +File "(?P<path>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)
_PLACE = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+): ?", re.MULTILINE)
_PLACE_BELOW = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+)(?:$|: (?!in )\w)", re.MULTILINE)
_CAPTURED = re.compile(r"^-+ Captured ", re.MULTILINE)
_AS_TITLE = re.compile(r"ERROR (?:at \w+ of|collecting) |\[doctest\] ")
_TIMEOUT = re.compile(r"^[^\n]*\+{5,} Timeout \+{5,}\n", re.MULTILINE)
_IN = re.compile(r'File "(?P<path>[^"\n]+)", line \d+, in (?P<name>\w+)')


class _Test(NamedTuple):
    """A failed test as the short summary has it."""

    at: int
    name: str
    what: str
    """Cut off at the width of the screen; may be empty."""


def pytest_report(text: str) -> Cause | None:
    """Return the first failure of pytest's report: its first section, else its summary."""
    section = _SECTION.search(text)
    if section is None:
        return None
    tests = _summary(text)
    title = _TITLE.search(text, section.end())
    start = title.end() if title else section.end()
    end = _SECTION_END.search(text, start)
    body = text[start : end.start() if end else len(text)]
    name = _AS_TITLE.sub("", title["title"]) if title else ""
    test = _test_of(name, tests)
    others = max(len(tests), len(_TITLE.findall(text, section.end()))) - 1
    more = f"and {others} more" if others > 0 else ""
    found = _in_body(body) if "summary" not in section[0] else None
    if found is not None:
        who = test.name if test else name
        return found._replace(at=start + found.at, who=who, more=found.more or more)
    return Cause(test.at, test.what or "failed", who=test.name, more=more) if test else None


def _summary(text: str) -> list[_Test]:
    summary = _SUMMARY.search(text)
    if summary is None:
        return []
    end = text.find("\n=", summary.end())
    lines = _FAILED.finditer(text, summary.end(), end if end >= 0 else len(text))
    parts = ((line.start(), *line["said"].partition(" - ")) for line in lines)
    return [_Test(at, name, what) for at, name, _, what in parts]


def _test_of(title: str, tests: list[_Test]) -> _Test | None:
    """Return the test whose section has this title, or the first at all.

    The title knows where a name ends; in the summary, parameters may look like a message.
    """
    function, bracket, parameters = title.partition("[")
    node = function.replace(".", "::") + bracket + parameters
    for test in tests if title else ():
        line = f"{test.name} - {test.what}" if test.what else test.name
        for known in (f"::{node}", f"::{title}", title):
            before, found, after = line.partition(known)
            if found and (not after or after.startswith(" - ")):
                return test._replace(name=before + found, what=after.removeprefix(" - "))
    return tests[0] if tests else None


def _in_body(body: str) -> Cause | None:
    """Return what the section of one test says about its failure."""
    said = _SAID.search(body)
    if said is None:
        return _in_plain_body(body)
    if said["what"].startswith('File "'):
        error = _SAID_ERROR.search(body, said.end()) or said
        place = _SAID_PLACE.search(body)
        return Cause(error.start(), error["what"], _shown(place))
    below = _PLACE_BELOW.search(body, said.end())
    above = [*_PLACE.finditer(body, 0, said.start()), *([below] if below else [])]
    ours = [place for place in above if is_ours(place["path"])]
    outer = (place for place in _PLACE.finditer(body, said.end()) if is_ours(place["path"]))
    place = ours[-1] if ours else next(outer, None)
    return Cause(said.start(), said["what"], _shown(place), more=_final(body, said.end()))


def _final(body: str, first: int) -> str:
    """Return the exception that the first one, which ends at `first`, led to in the end."""
    links = [*LINK.finditer(body, first)]
    said = _SAID.search(body, links[-1].end()) if links else None
    return f"then {said['what']}" if said else ""


def _in_plain_body(body: str) -> Cause | None:
    doctest = doctest_difference(body)
    if doctest is not None:
        return doctest._replace(where=_shown(_PLACE_BELOW.search(body, doctest.at)))
    captured = _CAPTURED.search(body)
    said = body[: captured.start()] if captured else body
    exception = python_exception(said)
    if exception is not None:
        return exception
    lines = said.strip().split("\n")
    return Cause(body.find(lines[0]), lines[0].strip()) if lines[0] else None


def _shown(place: re.Match[str] | None) -> str:
    return f"{place['path']}:{place['line']}" if place else ""


def pytest_timeout(text: str) -> Cause | None:
    """Return the test that ran into its timeout, from the stacks that pytest-timeout dumps."""
    match = _TIMEOUT.search(text)
    if match is None:
        return None
    stack = text[match.end() : match.end() + 50_000]
    ours = [frame["name"] for frame in _IN.finditer(stack) if is_ours(frame["path"])]
    who = next((name for name in ours if name.startswith("test")), "")
    inside = f"Timeout in {ours[-1]}" if ours else "Timeout"
    return Cause(match.start(), inside, innermost(stack), who=who)
