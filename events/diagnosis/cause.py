"""What a rule found out about a failure, and how it is put into few words."""

import re
from typing import NamedTuple

from events.diagnosis.cleaning import LINE_CHARS, printable
from events.hint import MAX_CHARS, MAX_WORDS

WORD_CHARS = 160

_LIBRARY = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|node_modules|lib/python\d|python\d[.\d]*/lib|\.cargo"
    r"|rustc|\.venv|venv)(?:/|\b)|^<|^node:|^internal/"
)


class Cause(NamedTuple):
    """The first cause of a failure, as a rule read it."""

    at: int
    """Offset in the cleaned output of the line that says it."""
    what: str
    """The message, an exception's type included."""
    where: str = ""
    """``path:line``, if the output says so."""
    who: str = ""
    """The failing test, if it is one."""
    more: str = ""
    """What else is worth knowing, if words are left."""

    @property
    def words(self) -> str:
        """All of it in at most `MAX_WORDS` words: the message is cut before the place is."""
        who = f"{self.who}: " if self.who else ""
        where = f" ({self.where})" if self.where else ""
        room = max(MAX_WORDS - len(f"{who}{where}".split()), 1)
        what = cut_to(self.what, room)
        left = room - len(what.split())
        more = f"; {cut_to(self.more, left)}" if self.more and left > 1 else ""
        return hint_of(f"{who}{what}{where}{more}")


def is_ours(path: str) -> bool:
    """Return whether `path` looks like code of the repository, not of a library.

    >>> is_ours("/usr/lib/python3.11/json/decoder.py"), is_ours("/home/dev/shop/till.py")
    (False, True)
    """
    return _LIBRARY.search(path) is None


def next_line(text: str, position: int) -> str:
    """Return the line after the one that ends at `position`, as the rest of a sentence."""
    line = text[position : position + LINE_CHARS].removeprefix("\n").partition("\n")[0].strip()
    return f" {line}" if line else ""


def cut_to(text: str, words: int) -> str:
    """Return the first `words` words of `text` on one line; three dots end what was cut.

    >>> cut_to("no such table", 2)
    'no such...'
    """
    all_of_them = text.split()
    kept = " ".join(all_of_them[: max(words, 0)])
    return kept if len(all_of_them) <= words else f"{kept.rstrip('.,;:')}..."


def hint_of(*parts: str) -> str:
    """Return the parts as one hint: one line, `MAX_WORDS` words, bounded, printable."""
    words = printable(" ".join(filter(None, parts))).split()[:MAX_WORDS]
    bounded = (w if len(w) <= WORD_CHARS else w[: WORD_CHARS - 3] + "..." for w in words)
    hint = " ".join(bounded)
    return hint if len(hint) <= MAX_CHARS else hint[:MAX_CHARS].rpartition(" ")[0]
