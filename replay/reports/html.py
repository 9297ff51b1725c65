"""The page of a run as one HTML file: nothing in it comes from elsewhere, nothing of the run runs.

What was recorded is data: JSON in which no `<` stands, and deflated chunks in base64; our own
script reads it and puts it into text nodes. The policy of the page allows our script and our style
by their digests, and nothing else: no address, no frame, no form, no handler in an attribute.
"""

import base64
import hashlib
from functools import cache
from html import escape
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec

from replay.reports.page import Report
from replay.reports.pool import packed

SCRIPTS = (
    "dom.js", "data.js", "state.js", "plan.js", "timeline.js", "use.js", "inspector.js",
    "events.js", "player.js", "main.js",
)  # fmt: skip
"""In this order they are one script: each file may use what those before it have made."""

STYLES = ("colors.css", "layout.css", "parts.css")

_ESCAPES = {char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def html_of(report: Report) -> str:
    """Return the whole file. It is a document of its own, good for any browser, from any disk."""
    chunks = "\n".join(
        f'<script type="text/plain" id="chunk{number}">{packed(chunk)}</script>'
        for number, chunk in enumerate(report.chunks)
    )
    title = f"{report.page.run.id}: {report.page.run.title or report.page.run.track}"
    parts = {
        "POLICY": escape(_policy()),
        "TITLE": escape(_visible(title)),
        "STYLE": _style(),
        "DATA": embedded(report.page),
        "CHUNKS": chunks,
        "SCRIPT": _script(),
    }
    return "".join(parts.get(piece, piece) for piece in _template().replace("}}", "{{").split("{{"))


def embedded(value: object) -> str:
    """Return a value as JSON that cannot end the element that it stands in."""
    text = msgspec.json.encode(value).decode()
    for char, spelled in _ESCAPES.items():
        text = text.replace(char, spelled)
    return text


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _policy() -> str:
    return (
        f"default-src 'none'; script-src '{_digest(_script())}'; style-src '{_digest(_style())}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _script() -> str:
    bodies = "\n".join(_read(name) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{bodies}\n}})();\n'


@cache
def _style() -> str:
    return "\n".join(_read(name) for name in STYLES)


@cache
def _template() -> str:
    return _read("page.html")


def _read(name: str) -> str:
    return _place().joinpath(name).read_text("utf-8")


def _place() -> Traversable:
    return resources.files("replay.reports") / "page"
