"""What the runners of tests print: which test failed first, why, where, and how many more."""

import re

from events.diagnosis.cause import Cause, is_ours
from events.diagnosis.tracebacks import LINK, innermost, python_exception

# --- pytest ---------------------------------------------------------------------------------------

_SECTION = re.compile(
    r"^=+ (?:FAILURES|ERRORS|short test summary info) =+$|^=+ (?P<end>.+) =+$", re.MULTILINE
)
_TITLE = re.compile(r"^_{2,} (?P<title>\S[^\n]*) _{2,}$", re.MULTILINE)
_NODE = re.compile(
    r"^(?:FAILED|ERROR|(?:SUB|UNI)\S*FAIL\S*) (?P<node>\S+(?:\[[^\n]*\])?[^\n]*?)"
    r"(?: - (?P<what>[^\n]+))?$",
    re.MULTILINE,
)
_SUMMARY = re.compile(r"^=+ short test summary info =+$", re.MULTILINE)
_SAID = re.compile(r"^E +(?P<what>\S[^\n]*)", re.MULTILINE)
_SAID_ERROR = re.compile(r"^E +(?P<what>(?:Syntax|Indentation|Tab)Error: [^\n]*)", re.MULTILINE)
_SAID_PLACE = re.compile(r'^E +File "(?P<path>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)
_PLACE = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+): ?", re.MULTILINE)
_PLACE_BELOW = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+)(?:$|: (?!in )\w)", re.MULTILINE)
_CAPTURED = re.compile(r"^-+ Captured ", re.MULTILINE)
_DOCTEST = re.compile(
    r"^(?:Expected:\n(?P<expected>(?:    [^\n]*\n)+)|Expected nothing\n)"
    r"(?:Got:\n(?P<got>(?:    [^\n]*\n)+)|Got nothing)",
    re.MULTILINE,
)
_AS_TITLE = re.compile(r"ERROR (?:at \w+ of|collecting) |\[doctest\] ")


def pytest_report(text: str) -> Cause | None:
    """Return the first failure of pytest's report: its first section, else its summary."""
    section = _SECTION.search(text)
    while section is not None and section["end"]:
        section = _SECTION.search(text, section.end())
    if section is None:
        return None
    nodes = _nodes(text)
    start = section.end()
    title = _TITLE.search(text, start)
    following = _TITLE.search(text, title.end()) if title else None
    closing = _SECTION.search(text, start)
    stops = [match.start() for match in (following, closing) if match is not None]
    body_at = title.end() if title else start
    body = text[body_at : min(stops, default=len(text))] if "summary" not in section[0] else ""
    name = _AS_TITLE.sub("", title["title"]) if title and body else ""
    node = _node_of(name, nodes)
    who = node["node"] if node else name
    others = max(len(nodes), len(_TITLE.findall(text, start))) - 1
    more = f"and {others} more" if others > 0 else ""
    found = _in_body(body)
    if found is not None:
        return found._replace(at=body_at + found.at, who=who, more=found.more or more)
    if node is None:
        return None
    return Cause(node.start(), node["what"] or "failed", who=who, more=more)


def _nodes(text: str) -> list[re.Match[str]]:
    summary = _SUMMARY.search(text)
    if summary is None:
        return []
    end = text.find("\n=", summary.end())
    return [*_NODE.finditer(text, summary.end(), end if end >= 0 else len(text))]


def _node_of(name: str, nodes: list[re.Match[str]]) -> re.Match[str] | None:
    """Return the line of the summary that speaks of the section called `name`."""
    test = name.replace(".", "::") if "/" not in name else name
    same = (node for node in nodes if name and node["node"].endswith((name, test)))
    return next(same, nodes[0] if nodes else None)


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
    doctest = _DOCTEST.search(body)
    if doctest is not None:
        place = _PLACE_BELOW.search(body, doctest.end())
        expected = (doctest["expected"] or "nothing").strip()
        what = f"expected {expected}, got {(doctest['got'] or 'nothing').strip()}"
        return Cause(doctest.start(), what, _shown(place))
    captured = _CAPTURED.search(body)
    said = body[: captured.start()] if captured else body
    exception = python_exception(said)
    if exception is not None:
        return exception
    lines = said.strip().split("\n")
    return Cause(body.find(lines[0]), lines[0].strip()) if lines[0] else None


def _shown(place: re.Match[str] | None) -> str:
    return f"{place['path']}:{place['line']}" if place else ""


# --- pytest-timeout, which ends the process in the middle of a test -------------------------------

_TIMEOUT = re.compile(r"^[^\n]*\+{5,} Timeout \+{5,}\n", re.MULTILINE)
_IN = re.compile(r'File "(?P<path>[^"\n]+)", line \d+, in (?P<name>\w+)')


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


# --- unittest -------------------------------------------------------------------------------------

_HEADING = re.compile(
    r"^={70}\n(?:ERROR|FAIL): (?P<name>\S+)(?: \((?P<of>[^)\n]+)\))?[^\n]*\n(?:[^\n]+\n)??-{70}\n",
    re.MULTILINE,
)


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


# --- others ---------------------------------------------------------------------------------------

_TAP = re.compile(r"^ *not ok \d+ - (?P<who>[^\n]+)\n *---\n(?P<body>(?: [^\n]*\n)+)", re.MULTILINE)
_TAP_ERROR = re.compile(
    r"^(?P<indent> *)error: (?:\|-(?P<lines>(?:\n(?P=indent)  [^\n]*)*)|(?P<line>[^\n]+))",
    re.MULTILINE,
)
_TAP_PLACE = re.compile(r"(?P<path>[^\s()':]+\.[cm]?[jt]sx?):(?P<line>\d+):\d+")


def tap_report(text: str) -> Cause | None:
    """Return the first failure of a report in the Test Anything Protocol, as Node prints it."""
    tests = [*_TAP.finditer(text)]
    if not tests:
        return None
    first = tests[0]
    error = _TAP_ERROR.search(first["body"])
    what = " ".join((error["lines"] or error["line"]).split()) if error else "failed"
    stack = max(first["body"].find("stack:"), 0)
    where = _shown(_TAP_PLACE.search(first["body"], stack))
    more = f"and {len(tests) - 1} more" if len(tests) > 1 else ""
    return Cause(first.start(), what, where, who=first["who"], more=more)
