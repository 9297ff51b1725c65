"""The first cause in at most 20 words, without any model: how the command ended, and why."""

from events.action import Outcome
from events.diagnosis.cause import hint_of
from events.diagnosis.cleaning import cleaned
from events.diagnosis.recognition import last_words, recognised

SIGNALS = {
    2: "SIGINT (interrupted)",
    3: "SIGQUIT (quit)",
    4: "SIGILL (illegal instruction)",
    5: "SIGTRAP (trap)",
    6: "SIGABRT (aborted)",
    7: "SIGBUS (bus error)",
    8: "SIGFPE (arithmetic error)",
    9: "SIGKILL (killed; out of memory?)",
    11: "SIGSEGV (segmentation fault)",
    13: "SIGPIPE (broken pipe)",
    15: "SIGTERM (terminated)",
    24: "SIGXCPU (CPU time exceeded)",
    25: "SIGXFSZ (file too large)",
    31: "SIGSYS (bad system call)",
}
"""Numbers of Linux, spelled out, so that a hint is the same on every system."""
SILENCE = "no output"
_SHELL_SIGNAL = 128
"""A shell reports the end of its command by signal n as exit code 128 + n."""
_NOT_RUN = {126: "exit code 126 (cannot be run)", 127: "exit code 127 (command not found)"}


def first_cause(output: str, outcome: Outcome | None = None, root: str = "") -> str:
    r"""Return a hint without a model: one line of at most 20 words that names the first cause.

    Args:
        output: all that the command printed.
        outcome: how it ended; a timeout or a signal is said first.
        root: folder of the worktree; paths below it are shown relative to it.

    >>> first_cause("Traceback (most recent call last):\n  File \"a.py\", line 2\nKeyError: 'x'\n")
    "KeyError: 'x' (a.py:2)"
    """
    text = cleaned(output, root)
    ended = _ending(outcome) if outcome else ""
    cause = recognised(text, outcome.exit_code if outcome else None)
    if cause is not None and cause.words:
        return hint_of(f"{ended};" if ended else "", cause.words)
    ended = ended or _exit_of(outcome)
    last = last_words(text)
    said = hint_of(last.what) if last else ""
    if not ended:
        return said or SILENCE
    return hint_of(f"{ended};", f"last words: {said}" if said else SILENCE)


def signal_of(outcome: Outcome) -> str:
    """Return the signal that ended the command or, as its shell tells, the last of its programs."""
    if outcome.signal is not None:
        return SIGNALS.get(outcome.signal, f"signal {outcome.signal}")
    return SIGNALS.get((outcome.exit_code or 0) - _SHELL_SIGNAL, "")


def _ending(outcome: Outcome) -> str:
    """Return how the command ended if that says more than an exit code, else an empty text."""
    if outcome.timed_out:
        return f"timed out after {outcome.duration_s:.3g} s"
    signal = signal_of(outcome)
    return f"ended by {signal}" if signal else ""


def _exit_of(outcome: Outcome | None) -> str:
    if outcome is None or outcome.exit_code is None:
        return ""
    return _NOT_RUN.get(outcome.exit_code, f"exit code {outcome.exit_code}")
