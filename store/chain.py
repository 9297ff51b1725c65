"""The chain of sums, followed block by block: nothing is handed out that has not been verified."""

from events.base import Event
from store.codec import BadLineError, Codec, Line
from store.head import SUM_BYTES, SUM_DIGITS, SUM_END, SUM_MARK, Head

WRONG_SUM = "its sum does not match the bytes of the log up to there"


class Chain:
    """Turns the bytes of a log into verified records, one whole decision after the other."""

    def __init__(self, codec: Codec, vouched: Head | None = None) -> None:
        """Stand before the first byte of a log.

        Or stand behind the head that is given, in a log that is vouched for: then nothing is summed
        up, and its hash stays behind.
        """
        self._summed = vouched is None
        self.head = vouched or Head()
        """Behind the last decision that was taken."""
        self._codec = codec

    def take(self, data: bytes) -> tuple[list[Line[Event]], bool]:
        """Return the records of the whole decisions at the start of `data`, and if all is well.

        `data` begins where the head is. If a decision is not what it should be, those before it are
        taken, and the answer is False.
        """
        end = last_decision_end(data)
        if end == 0:
            return [], True
        try:
            return self._accept(data[:end]), True
        except BadLineError:
            return self._one_by_one(data[:end]), False

    def _accept(self, block: bytes) -> list[Line[Event]]:
        """Take a block that ends with the end of a decision: one hash, one comparison for all."""
        head, mark = self.head, len(block) - SUM_BYTES
        view = memoryview(block)
        said = bytes(view[mark + len(SUM_MARK) : -len(SUM_END)])
        hasher = head.hasher
        if self._summed:
            hasher = hasher.copy()
            hasher.update(view[:mark])
            if said != hasher.hexdigest()[:SUM_DIGITS].encode():
                raise BadLineError(WRONG_SUM)
            hasher.update(view[mark:])
        lines = self._codec.block(block)
        head.follow(lines)
        head.hasher, head.sum = hasher, said.decode()
        head.offset += len(block)
        return lines

    def _one_by_one(self, data: bytes) -> list[Line[Event]]:
        """Take the decisions up to the bad one that `data` is known to hold."""
        lines: list[Line[Event]] = []
        start = 0
        while True:
            end = decision_end(data, start)
            try:
                lines += self._accept(data[start:end])
            except BadLineError:
                return lines
            start = end


def last_decision_end(data: bytes) -> int:
    """Return where the last whole decision in `data` ends; 0 if none does.

    A sum is the last field of a line. Inside of texts its quotes are escaped, and a field of that
    name further inside of the record is followed by more than one closing brace.
    """
    found = len(data)
    while (found := data.rfind(SUM_MARK, 0, found)) != -1:
        if _is_sum(data, found):
            return found + SUM_BYTES
    return 0


def decision_end(data: bytes, start: int) -> int:
    """Return where the first decision that begins at or after `start` ends; 0 if none does."""
    found = start - 1
    while (found := data.find(SUM_MARK, found + 1)) != -1:
        if _is_sum(data, found):
            return found + SUM_BYTES
    return 0


def _is_sum(data: bytes, found: int) -> bool:
    return data[found + len(SUM_MARK) + SUM_DIGITS : found + SUM_BYTES] == SUM_END
