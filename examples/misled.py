"""Prints a playbook for examples/shop in which a wrong hint leads the worker of `stock` astray.

docs/replay.md debugs that run: ``python3 examples/misled.py >misled.json``.
"""

import json
import sys
from pathlib import Path

WRONG = "level returns None for unknown products; let it return 0."


def misled() -> dict[str, object]:
    """Return the playbook of the example, but for one hint, and a worker who cannot do without."""
    playbook: dict[str, object] = json.loads(
        Path(__file__).with_name("shop").joinpath("playbook.json").read_text(encoding="utf-8")
    )
    tickets, hints = playbook["tickets"], playbook["qa"]
    assert isinstance(tickets, dict)
    assert isinstance(hints, list)
    look, edit, _ = tickets["stock"][0]
    again = {"text": "level is right; I run it again.", "calls": edit["calls"][-1:]}
    tickets["stock"] = [[look, edit, again, again]] * 3
    for hint in hints:
        if "test_stock" in hint["match"]:
            hint["hint"] = WRONG
    return playbook


if __name__ == "__main__":
    json.dump(misled(), sys.stdout, indent=2)
