"""The file of `trackside fork --answer`: what a model is taken to have said."""

from collections.abc import Sequence

import msgspec

from cli.errors import OptionInvalidError
from cli.inputs import read_input
from events.conversation import RequestedCall
from events.diagnosis import too_long
from events.hint import MAX_WORDS
from models.errors import PlaybookInvalidError
from models.playbook import parse_turn
from replay.given import Given, GivenHint, GivenReply


class _Hint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form in which QA's model answers."""

    hint: str


def given_in(words: Sequence[str]) -> Given:
    """Return the answer that ``POS FILE`` names: a hint, or else one turn of a playbook.

    Raises:
        OptionInvalidError: POS is no position.
        InputUnreadableError: FILE cannot be read.
        PlaybookInvalidError: it holds no answer; all its problems.
    """
    at, path = words
    if not (at.isascii() and at.isdigit()):
        raise OptionInvalidError(f"--answer {at}", "POS is a position, as 17")
    data, position = read_input(path), int(at)
    if _is_hint(data):
        return GivenHint(position=position, words=_hint(data, path))
    turn = parse_turn(data, path)
    calls = (
        RequestedCall(call.tool, msgspec.json.encode(call.args).decode()) for call in turn.calls
    )
    return GivenReply(position=position, text=turn.text, calls=tuple(calls), by="a person")


def _is_hint(data: bytes) -> bool:
    try:
        return "hint" in msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return False


def _hint(data: bytes, path: str) -> str:
    try:
        words = msgspec.json.decode(data, type=_Hint).hint
    except msgspec.DecodeError as error:
        raise PlaybookInvalidError(path, [str(error)]) from None
    if not words.split() or too_long(words):
        raise PlaybookInvalidError(path, [f"hint: must have 1 to {MAX_WORDS} words"])
    return words
