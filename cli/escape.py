"""Untrusted text for a terminal: it shows itself and does nothing else."""

from collections.abc import Iterable

_BLANKS = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),  # letters of no ink
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),  # selectors of variants, in which text can hide
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""Characters that Unicode counts as printable although nothing is to be seen of them."""


def shown(text: str, *, lines: bool = False) -> str:
    r"""Return `text` with everything spelled out that is not plainly visible.

    Control characters, marks of writing direction, characters of no width, tags, foreign spaces
    and halves of characters (from file names that are not UTF-8) become escapes.

    Args:
        text: Words of a model, a tool, a repository, a file or an error.
        lines: Whether line breaks and tabs stay what they are.

    >>> print(shown("safe\x1b[2J \u202egnp.exe"))
    safe\x1b[2J \u202egnp.exe
    """
    if _is_plain(text):
        return text
    keep = "\n\t" if lines else ""
    return "".join(
        char if char in keep or _is_plain(char) else char.encode("unicode_escape").decode()
        for char in text
    )


def clipped(text: str, limit: int) -> str:
    r"""Return `text` on one line, escaped; of a longer one the first `limit` characters.

    What is left out is counted, never dropped without a word.

    >>> clipped("two words\nand more", 9)
    'two words (+9 characters)'
    """
    kept = shown(text[:limit])
    if len(text) <= limit:
        return kept
    from events.counted import counted

    return f"{kept} (+{counted(len(text) - limit, 'character')})"


def json_text(value: object) -> str:
    r"""Return `value` as one line of JSON that is harmless on a terminal of any encoding.

    >>> print(json_text({"path": "a\u202eb"}))
    {"path":"a\u202eb"}
    """
    import msgspec

    return ascii_json(msgspec.json.encode(value).decode())


def ascii_json(text: str) -> str:
    """Return JSON of the same value in visible ASCII; `text` is valid JSON on one line."""
    if text.isascii() and text.isprintable():
        return text
    import json

    return "".join(
        char if char.isascii() and char.isprintable() else json.dumps(char)[1:-1] for char in text
    )


def pretty_json(text: str) -> str:
    r"""Return JSON of the same value to read and edit: indented, and harmless to look at.

    Letters stay letters; what is not plainly visible becomes an escape of JSON.

    >>> print(pretty_json('{"path":"é\u202e"}'))
    {
      "path": "é\u202e"
    }
    """
    import json

    whole = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return "".join(
        char if char == "\n" or _is_plain(char) else json.dumps(char)[1:-1] for char in whole
    )


def path_text(path: object) -> str:
    r"""Return a path as text that any encoding can hold; bytes that are no UTF-8 are spelled out.

    >>> path_text("caf\udce9")
    'caf\\xe9'
    """
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def columns(rows: Iterable[Iterable[str]], gap: str = "  ") -> list[str]:
    """Return each row as a line, its cells aligned; the last cell of a row is never padded.

    >>> columns([["a", "b"], ["long", "c"]])
    ['a     b', 'long  c']
    """
    table = [[*row] for row in rows]
    last = max((len(row) for row in table), default=0) - 1
    widths = [max(len(row[place]) for row in table if place < len(row)) for place in range(last)]
    return [
        gap.join(
            cell.ljust(widths[place]) if place < len(row) - 1 else cell
            for place, cell in enumerate(row)
        ).rstrip()
        for row in table
    ]


def _is_plain(text: str) -> bool:
    return text.isprintable() and _BLANKS.isdisjoint(text)
