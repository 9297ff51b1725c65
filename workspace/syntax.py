"""Whether Python can still read a file: its own compiler is asked, and nothing is run."""

import re
import threading
import traceback
import warnings
from typing import NamedTuple

MAX_BYTES = 1024 * 1024
"""Larger files are believed to be right: compiling them would hold up everybody."""

_NAME = "<trackside syntax check>"
_COMPILING = threading.Lock()


class Finding(NamedTuple):
    """Why Python cannot read a file."""

    line: int
    """1, 2, ...; 1 if Python names none."""
    text: str
    """What Python would print, path and line included."""


def finding(path: str, data: bytes) -> Finding | None:
    """Return why this Python cannot read the file at `path`, or None if it can.

    Compiled with the interpreter that runs trackside: syntax newer than that is a finding too.
    """
    if len(data) > MAX_BYTES:
        return None
    try:
        with _COMPILING:
            # A lasting filter for one made-up file name. `catch_warnings` would change what other
            # threads see, and put back a state that another thread has left behind.
            warnings.filterwarnings("ignore", module=re.escape(_NAME))
            compile(data, _NAME, "exec", dont_inherit=True)
    except SyntaxError as error:
        error.filename = path
        text = "".join(traceback.format_exception_only(error))
        return Finding(max(1, error.lineno or 1), text)
    except (ValueError, RecursionError, MemoryError) as error:
        # Nested beyond what the compiler can take, or bytes that are no source at all.
        reason = str(error) or "the code is nested too deeply"
        return Finding(1, f'  File "{path}", line 1\n{type(error).__name__}: {reason}\n')
    return None
