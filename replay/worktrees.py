"""Where an attempt worked: not on record, but outputs name it, and it ends with its name."""

import re

from events.ids import AttemptId


def roots_in(output: str, attempt: AttemptId) -> list[str]:
    """Return the folders in `output` that may be the worktree of an attempt, first come first.

    >>> roots_in('File "/home/ann/.cache/run/T1.2/a.py", line 3', AttemptId("T1.2"))
    ['/home/ann/.cache/run/T1.2']
    """
    found = re.findall(rf"(/[^\s:'\"]*/{re.escape(attempt)})(?![^\s:'\"/])", output)
    return list(dict.fromkeys(found))


def as_seen_from_within(output: str, attempt: AttemptId) -> str:
    """Return `output` with the paths below the worktree as its worker would name them.

    >>> as_seen_from_within('File "/home/ann/.cache/run/T1.2/a.py", line 3', AttemptId("T1.2"))
    'File "a.py", line 3'
    """
    for root in roots_in(output, attempt):
        output = output.replace(f"{root}/", "")
    return output
