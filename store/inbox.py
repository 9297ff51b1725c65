"""What people tell a run from other processes: one file a message, until its effect is on record.

    answers/1763775327123456789-8f2c61d0.json       a message, as it was posted
    answers/1763775327123456789-8f2c61d0.reply      what became of it, until the sender has read it

A file appears whole or not at all, and never in the place of another. Who holds the run takes the
messages, in the order of their names, replies, and removes them; a crash in between leaves a
message whose effect is on record, which is why what is recorded carries the name of its message.
No secret is written, as in the log: who posts knows of some, and who replies of others.
"""

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from events.approval import Answer
from events.ids import ApprovalId
from events.run_commands import OperatorCommand
from events.secret_patterns import Redact
from store.disk import REAL_DISK, Disk, make_folder, sync_folder, write_synced
from store.encode import as_it_is, clean
from store.errors import InboxUnusableError

LONGEST_BYTES = 8 * 1024 * 1024
"""Of a message: an edited call may hold a whole file."""
STALE_S = 3600.0
"""A file that was being written so long ago has no writer any more."""

_MESSAGE = re.compile(r"\d{1,20}-[0-9a-f]{8}\.json")
_PASSING = {errno.EMFILE, errno.ENFILE}
"""Errors that say nothing of what lies there: it can be read another time."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class GiveAnswer(msgspec.Struct, frozen=True, tag_field="type", tag="answer", omit_defaults=True):
    """A person answers a question."""

    approval: ApprovalId
    answer: Answer
    edited: str | None = None
    """What was made of the arguments or the prompt, as text that nobody has validated yet."""


class TellRun(msgspec.Struct, frozen=True, tag_field="type", tag="command"):
    """A person tells the run what to do."""

    command: OperatorCommand


Message = GiveAnswer | TellRun


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a message."""

    refusal: str = ""
    """Why it has no effect; empty if it has."""
    preview: str = ""
    """What will run instead of what was asked, if the message edits it."""


class Letter(msgspec.Struct, frozen=True):
    """A message as it lies in the inbox."""

    name: str
    message: Message | None
    """None: what lies there is no message."""


class Inbox:
    """The folder of the messages of one run. Any process may post; who holds the run takes."""

    def __init__(self, folder: Path, redact: Redact = as_it_is, *, disk: Disk = REAL_DISK) -> None:
        """Name the folder; nothing is touched yet. `redact` replaces what must not be written."""
        self.folder = folder
        self._redact = redact
        self._disk = disk

    def open(self) -> None:
        """Make the folder, unless it is there.

        Raises:
            InboxUnusableError: it cannot be made.
        """
        try:
            make_folder(self._disk, self.folder)
        except OSError as error:
            raise InboxUnusableError(self.folder, str(error.strerror), error) from error

    def post(self, message: Message) -> str:
        """Leave a message, and return its name once it would survive a power cut.

        Raises:
            InboxUnusableError: the disk failed, or the message is too long.
        """
        data = self._written(message)
        if len(data) > LONGEST_BYTES:
            reason = f"a message has {len(data):,} bytes; the most is {LONGEST_BYTES:,}"
            raise InboxUnusableError(self.folder, reason)
        name = f"{time.time_ns()}-{secrets.token_hex(4)}.json"
        try:
            self._put(name, data)
        except OSError as error:
            raise InboxUnusableError(self.folder, str(error.strerror), error) from error
        return name

    def letters(self) -> list[Letter]:
        """Return what lies there, in the order in which it was posted; none if nothing does.

        Raises:
            OSError: the system does not let us look now.
        """
        return [Letter(name, self._message(name)) for name in sorted(self._names())]

    def holds(self, name: str) -> bool:
        """Return whether the message is still there."""
        return os.path.lexists(self.folder / name)

    def settle(self, name: str, reply: Reply) -> None:
        """Reply to a message whose effect is on record, or never will be, and remove it.

        A message that is gone has its reply. A disk that fails leaves the message, for next time.
        """
        if not self.holds(name):
            return
        with suppress(OSError):
            with suppress(FileExistsError):  # from before a crash
                self._put(_reply_name(name), self._written(reply))
            (self.folder / name).unlink(missing_ok=True)
            sync_folder(self._disk, self.folder)

    def take_reply(self, name: str) -> Reply | None:
        """Return the reply to a message of ours, which is gone then; None if there is none yet."""
        path = self.folder / _reply_name(name)
        try:
            data = _contents(path)
        except OSError:
            return None
        if data is None:
            return None
        path.unlink(missing_ok=True)
        try:
            return msgspec.json.decode(data, type=Reply)
        except msgspec.DecodeError:
            return Reply(refusal="its reply cannot be read; `trackside log` tells what happened")

    def withdraw(self, name: str) -> None:
        """Take a message of ours back."""
        (self.folder / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what senders have left behind that were killed. For who holds the run."""
        long_ago = time.time() - STALE_S
        for name in self._all():
            path = self.folder / name
            if not _MESSAGE.fullmatch(name):
                with suppress(OSError):
                    if path.lstat().st_mtime < long_ago:
                        path.unlink()

    def _written(self, what: Message | Reply) -> bytes:
        try:
            data = msgspec.json.encode(what)
        except UnicodeEncodeError:  # a shell hands over any bytes
            data = msgspec.json.encode(clean(msgspec.to_builtins(what)))
        # A secret stands in a JSON string, and what replaces it needs no escape there.
        return self._redact(data.decode()).encode()

    def _put(self, name: str, data: bytes) -> None:
        """Put a file under its name, whole; `FileExistsError` if the name is taken."""
        temporary = self.folder / f".{secrets.token_hex(8)}.new"
        try:
            write_synced(self._disk, temporary, data)
            os.link(temporary, self.folder / name, follow_symlinks=False)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(self._disk, self.folder)

    def _names(self) -> Iterator[str]:
        return (name for name in self._all() if _MESSAGE.fullmatch(name))

    def _all(self) -> list[str]:
        try:
            with os.scandir(self.folder) as entries:
                return [entry.name for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _message(self, name: str) -> Message | None:
        data = _contents(self.folder / name)
        try:
            message: Message = msgspec.json.decode(data or b"", type=Message)
        except (msgspec.DecodeError, RecursionError):
            return None
        return message


def _reply_name(name: str) -> str:
    return name.removesuffix(".json") + ".reply"


def _contents(path: Path) -> bytes | None:
    """Return the bytes of a plain file of bearable length; None for anything else.

    Raises:
        OSError: nobody knows what it is, as the system does not let us look now.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            data = file.read(LONGEST_BYTES + 1)
    except OSError as error:
        if error.errno in _PASSING:
            raise
        return None
    return data if len(data) <= LONGEST_BYTES else None


def _opened(path: str, _flags: int) -> int:
    return os.open(path, _READ)
