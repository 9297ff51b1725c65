"""What an actor tells of its own death."""

import traceback
from types import TracebackType


def trace_of(error: BaseException, trace: TracebackType | None) -> str:
    """Return the traceback as text, for the run folder; it is never shown on the screen."""
    return "".join(traceback.format_exception(type(error), error, trace))
