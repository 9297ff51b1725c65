"""What may reach a terminal: text that shows itself and does nothing else."""


def escaped(text: str) -> str:
    r"""Return `text` with everything that is not plainly visible spelled out.

    Line breaks and tabs stay. Control characters, bidirectional marks, invisible characters and
    halves of characters (from file names that are not UTF-8) become escapes.

    >>> print(escaped("safe\x1b[2J"))
    safe\x1b[2J
    """
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode()
        for char in text
    )
