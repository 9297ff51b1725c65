"""Whether a failure is the same as before: a digest of what it says that does not always change."""

import re

from events.action import Outcome
from events.conversation import digest_of
from events.diagnosis.cleaning import cleaned, printable
from events.diagnosis.naming import signal_of
from events.diagnosis.recognition import last_words, recognised
from events.ids import Digest

_TESTS = re.compile(
    r"^(?:FAILED|ERROR|SUBFAIL\S*) (?P<pytest>\S+\.\w+(?:::[^\n]*?)?)(?: - [^\n]*)?$"
    r"|^(?:FAIL|ERROR): (?P<unittest>\S+ \([^)\n]+\)[^\n]*)$"
    r"|^ *not ok \d+ - (?P<tap>[^\n]+)$"
    r"|^test (?P<cargo>\S+) \.\.\. FAILED$",
    re.MULTILINE,
)
_SAID = (
    re.compile(r"^(?!E )[^\n]*\n(?=E +(?P<said>[^\n]+))", re.MULTILINE),
    re.compile(r"^(?:FAILED|ERROR) \S+\.\w+(?:::[^\n]*?)? - (?P<said>[^\n]+)$", re.MULTILINE),
    re.compile(
        r'^(?:E +|[ |]*|Exception in thread "[^"\n]*" |Caused by: )'
        r"(?P<said>[A-Za-z_.]*+(?<=rror|tion|ning|roup|Exit|rupt)(?:: [^\n]*)?)$",
        re.MULTILINE,
    ),
    re.compile(r"^(?P<said>[^\n]*?\b(?i:error)(?:\[\w+\])?: [^\n]+)", re.MULTILINE),
    re.compile(r"^(?P<said>[A-Z]{1,6}\d{2,5} [^\n]+\n *--> [^\s:]+)", re.MULTILINE),
    re.compile(r"panicked at [^\n]+:\n(?P<said>[^\n]+)"),
)
"""What a failure says, in every line that says it: the order of these lines does not matter."""

_FOLDER = r"[^\s/:;,'\"()\[\]<>]+"
_PATH = re.compile(
    rf"(?<![\w./~>-])(?:/|(?:\.\./)++|~/|[A-Za-z]:/)(?:{_FOLDER}/)*+(?P<name>{_FOLDER})"
)
_CHANGING = (
    ("<tmp>", r"(?<!\w)tmp(?:[a-z0-9_]{8}|\.[A-Za-z0-9]{6,10})(?!\w)"),
    ("<time>", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
    ("<id>", r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"),
    ("<address>", r"\b0x[0-9a-fA-F]+"),
    ("<hash>", r"\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b"),
)
_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _CHANGING)
_NUMBER = re.compile(
    r"(?<![\w.])[-+]?\d[\d_]*(?:[.,:]\d+)*(?:e[-+]?\d+)?(?: ?(?:[munµ]?s|[KMGT]i?B|%)(?!\w))?(?!\w)"
)


def fingerprint(outcome: Outcome, output: str) -> Digest:
    """Return the digest of a failure: equal for the same failure, in whatever place and order.

    It covers how the command ended, which tests failed and what was said about them, or what the
    rules of `recognition` find. Paths, times, addresses, ids, numbers and the order of lines are
    left out; of numbers, those that belong to the name of a test or an identifier are kept. The
    command counts only if nothing in the output tells.
    """
    text = cleaned(output)
    tests = {_placeless(_first_group(match)) for match in _TESTS.finditer(text)}
    said = {normalised(_whole(m["said"])) for rule in _SAID for m in rule.finditer(text)}
    cause = recognised(text, outcome.exit_code)
    one_test = len(tests) <= 1  # of several, chance may say which comes first
    if cause is not None and one_test:
        said.add(normalised(_whole(cause.what)))
    vague = not tests and not said
    last = last_words(text) if vague else None
    return digest_of(
        _ending(outcome),
        sorted(tests),
        sorted(said),
        [normalised(last.what) if last else "", outcome.command] if vague else [],
    )


def normalised(line: str) -> str:
    """Return `line` without what differs between two runs that fail in the same way.

    >>> normalised("/tmp/x8/till.py:13: pid 77 at 0x7fa61c2c0350 after 0.25s")
    'till.py:<n>: pid <n> at <address> after <n>'
    """
    return _NUMBER.sub("<n>", _placeless(line))


def _placeless(line: str) -> str:
    text = _PATH.sub(_base_name, printable(line))
    for name, pattern in _PATTERNS:
        text = pattern.sub(name, text)
    return text


def _base_name(path: re.Match[str]) -> str:
    return path["name"] if "." in path["name"].strip(".") else "<path>"


def _whole(said: str) -> str:
    """Return `said`, but only its first words if it was cut off at the width of a screen."""
    return said.partition(":")[0] if said.endswith("...") else said


def _first_group(match: re.Match[str]) -> str:
    return match[match.lastgroup or 0]


def _ending(outcome: Outcome) -> list[str]:
    if outcome.timed_out:
        return ["timeout"]
    ended = signal_of(outcome) or f"exit {outcome.exit_code}"
    return [ended, outcome.finding.rpartition(":")[0]]
