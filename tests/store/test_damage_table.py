"""Every damage of the table is refused, or is a torn end that is said to be one."""

import re

from tests.store.damages import main


def test_no_damage_is_silent_or_wrong() -> None:
    said: list[str] = []
    assert main(said.append) == 0, "".join(said)
    summed = re.fullmatch(r"tried (\d+), silent or wrong 0\n", said[-1])
    assert summed is not None
    assert int(summed[1]) >= 1000
