"""What a log keeps beside itself: which payloads its records name, and whether they are whole."""

import re

import msgspec

from events.base import UnknownEvent
from events.ids import Digest
from events.payload import BlobRef
from store.blobs import Blobs
from store.errors import DamageError
from store.log import Recorded

# Inside of a JSON text every quote is escaped, so this is never found in what somebody wrote.
_REF = re.compile(rb'\{"blob":"([0-9a-f]{64})","size":(\d+)\}')


def payloads_of(recorded: Recorded) -> list[BlobRef]:
    """Return the payloads that a record names, in its event and in its cause; once each."""
    event = recorded.event
    data = (
        event.original.encode() if isinstance(event, UnknownEvent) else msgspec.json.encode(event)
    )
    named = _REF.findall(data) + _REF.findall(bytes(recorded.cause))
    return [BlobRef(Digest(digest.decode()), int(size)) for digest, size in dict.fromkeys(named)]


class PayloadCheck:
    """Reads every payload once."""

    def __init__(self, blobs: Blobs) -> None:
        """Check those in `blobs`."""
        self._blobs = blobs
        self._found: dict[BlobRef, str] = {}

    @property
    def count(self) -> int:
        """How many were looked at."""
        return len(self._found)

    def problem(self, ref: BlobRef) -> str:
        """Return what is wrong with a payload; empty if nothing is."""
        if ref not in self._found:
            try:
                self._blobs.get(ref)
                self._found[ref] = ""
            except DamageError as error:
                self._found[ref] = str(error)
        return self._found[ref]
