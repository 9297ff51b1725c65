"""Stack traces of the Java machine and of Node, whose innermost frame of ours comes first."""

import re

from events.diagnosis.cause import Cause, is_ours

_THROWN = re.compile(
    r'^(?:Exception in thread "[^"\n]*" |Caused by: )(?P<what>[^\n]+)', re.MULTILINE
)
_JAVA_FRAME = re.compile(
    r"^\s+at (?P<in>[\w.$/@]+)\S*\((?P<path>\w+\.(?:java|kt|scala)):(?P<line>\d+)\)", re.MULTILINE
)
_JAVA_LIBRARY = re.compile(r"(?:java|javax|jdk|sun|org\.junit)[./]")
_NODE_ERROR = re.compile(
    r"^(?:Uncaught )?(?P<what>(?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?: [^\n]+"
    r"|AssertionError[^\n]*)\n(?P<rest>(?:(?! +at )[^\n]*\n){0,8}?)(?= +at )",
    re.MULTILINE,
)
_NODE_FRAME = re.compile(r"^ +at [^\n]*?(?P<path>[^\s()]+):(?P<line>\d+):\d+\)?", re.MULTILINE)
_NODE_HEAD = re.compile(r"^(?P<where>[^\s:]+\.[cm]?[jt]sx?:\d+)$", re.MULTILINE)


def java_exception(text: str) -> Cause | None:
    """Return the exception at the root: Java names it last, as what the others were caused by."""
    thrown = [*_THROWN.finditer(text)]
    if not thrown:
        return None
    root = thrown[-1]
    frames = _JAVA_FRAME.finditer(text, root.end(), root.end() + 20_000)
    ours = (frame for frame in frames if not _JAVA_LIBRARY.match(frame["in"]))
    place = next((f"{frame['path']}:{frame['line']}" for frame in ours), "")
    more = f"then {thrown[0]['what']}" if len(thrown) > 1 else ""
    return Cause(root.start(), root["what"], place, more=more)


def node_error(text: str) -> Cause | None:
    """Return the error that ended a program of Node."""
    error = _NODE_ERROR.search(text)
    if error is None:
        return None
    frames = _NODE_FRAME.finditer(text, error.end(), error.end() + 20_000)
    ours = (frame for frame in frames if is_ours(frame["path"]))
    place = next((f"{frame['path']}:{frame['line']}" for frame in ours), "")
    head = _NODE_HEAD.search(text, max(0, error.start() - 2000), error.start())
    where = place or (head["where"] if head else "")
    rest = " ".join(error["rest"].split()) if error["what"].endswith(":") else ""
    return Cause(error.start(), f"{error['what']} {rest}".strip(), where)
