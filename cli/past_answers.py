"""The shapes of what the commands about the past print with `--json`; each stands at its fold."""

import msgspec

from cli.recover import Savable
from cli.report import Written
from cli.verify import Verification
from replay.consultation import Consultation
from replay.diff import Comparison
from replay.exchange import Exchange
from replay.fork import Forked
from replay.reports.plain import EventLine, StateUpdate
from replay.show import Shown
from replay.trees import CheckedOut
from replay.why import Why

ANSWERS: dict[str, type[msgspec.Struct]] = {
    "show": Shown,
    "context": Exchange,
    "context --hint": Consultation,
    "why": Why,
    "diff": Comparison,
    "verify": Verification,
    "checkout": CheckedOut,
    "fork": Forked,
    "report": Written,
    "recover": Savable,
    "export": EventLine,
    "export --format state": StateUpdate,
}
"""Command -> the shape of its answer."""
