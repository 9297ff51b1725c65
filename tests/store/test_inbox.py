"""What people tell a run from other processes."""

import errno
import os
import time
from pathlib import Path

import pytest

from events.approval import Answer
from events.ids import ApprovalId
from events.run_commands import PauseRun
from store import inbox as inbox_module
from store.disk import RealDisk
from store.errors import InboxUnusableError
from store.inbox import GiveAnswer, Inbox, Letter, Message, Reply, TellRun
from tests.store.disks import CrashingDisk

A1 = ApprovalId("T1.1.c1")
YES = GiveAnswer(A1, Answer(verdict="approved", by="ann"))
PAUSE: Message = TellRun(PauseRun("ann"))
NAME = "1-0123abcd.json"


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    inbox = Inbox(tmp_path / "answers")
    inbox.open()
    return inbox


def names(inbox: Inbox) -> list[str]:
    return sorted(entry.name for entry in inbox.folder.iterdir())


def test_messages_are_taken_in_the_order_in_which_they_were_posted(inbox: Inbox) -> None:
    first, second = inbox.post(YES), inbox.post(PAUSE)
    assert inbox.letters() == [Letter(first, YES), Letter(second, PAUSE)]


def test_a_secret_is_in_no_message_and_in_no_reply(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "answers", lambda text: text.replace("s3cret", "[secret:KEY]"))
    inbox.open()
    name = inbox.post(GiveAnswer(A1, YES.answer, '{"content": "s3cret"}'))
    assert b"s3cret" not in (inbox.folder / name).read_bytes()
    assert inbox.letters()[0].message == GiveAnswer(A1, YES.answer, '{"content": "[secret:KEY]"}')
    inbox.settle(name, Reply(preview="+s3cret"))
    (reply,) = inbox.folder.iterdir()
    assert b"s3cret" not in reply.read_bytes()
    assert inbox.take_reply(name) == Reply(preview="+[secret:KEY]")


def test_a_message_and_its_reply_would_survive_a_power_cut(tmp_path: Path) -> None:
    disk = CrashingDisk()
    inbox = Inbox(tmp_path / "answers", disk=disk)
    inbox.open()
    name = inbox.post(YES)
    place = inbox.folder / name
    assert disk.named[inbox.folder] == {name: place.stat().st_ino}
    assert disk.synced[place.stat().st_ino] == place.read_bytes()
    inbox.settle(name, Reply())
    assert [*disk.named[inbox.folder]] == [name.replace(".json", ".reply")]


def test_half_a_character_from_a_shell_is_replaced(inbox: Inbox) -> None:
    name = inbox.post(TellRun(PauseRun("ann", "no \udcff")))
    assert inbox.letters() == [Letter(name, TellRun(PauseRun("ann", "no \ufffd")))]


def test_an_inbox_that_nobody_made_is_empty(tmp_path: Path) -> None:
    assert Inbox(tmp_path / "answers").letters() == []


def test_a_settled_message_is_gone_and_its_sender_reads_the_reply_once(inbox: Inbox) -> None:
    name = inbox.post(YES)
    assert inbox.take_reply(name) is None
    inbox.settle(name, Reply(refusal="bob was first"))
    assert inbox.letters() == []
    assert inbox.take_reply(name) == Reply(refusal="bob was first")
    assert names(inbox) == []


def test_only_the_first_reply_counts(inbox: Inbox) -> None:
    name = inbox.post(YES)
    inbox.settle(name, Reply())
    inbox.settle(name, Reply(refusal="it was answered before"))
    assert inbox.take_reply(name) == Reply()


def test_a_reply_from_before_a_crash_stays(inbox: Inbox) -> None:
    name = inbox.post(YES)
    inbox.settle(name, Reply())
    (inbox.folder / name).write_text("{}")  # the crash came before the message was removed
    inbox.settle(name, Reply(refusal="it was answered before"))
    assert inbox.take_reply(name) == Reply()
    assert not inbox.holds(name)


def test_a_message_can_be_taken_back(inbox: Inbox) -> None:
    name = inbox.post(YES)
    inbox.withdraw(name)
    assert names(inbox) == []


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"type":"other"}', b"[" * 100_000])
def test_what_is_no_message_is_shown_as_such(content: bytes, inbox: Inbox) -> None:
    (inbox.folder / NAME).write_bytes(content)
    assert inbox.letters() == [Letter(NAME, None)]


def test_nothing_but_a_plain_file_is_read(inbox: Inbox, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    (inbox.folder / inbox.post(YES)).rename(target)
    (inbox.folder / "1-00000001.json").symlink_to(target)
    os.mkfifo(inbox.folder / "1-00000002.json")
    (inbox.folder / "1-00000003.json").mkdir()
    assert [letter.message for letter in inbox.letters()] == [None, None, None]


def test_other_files_are_no_messages(inbox: Inbox) -> None:
    for name in (".x.new", "1-0123abcd.reply", "notes.txt", "1-0123abcd.json~"):
        (inbox.folder / name).touch()
    assert inbox.letters() == []


def test_a_command_that_only_the_program_gives_is_no_message(inbox: Inbox) -> None:
    (inbox.folder / NAME).write_bytes(b'{"type":"command","command":{"type":"run.end"}}')
    assert inbox.letters() == [Letter(NAME, None)]


def test_an_unreadable_reply_is_said_to_be_one(inbox: Inbox) -> None:
    name = inbox.post(YES)
    (inbox.folder / name.replace(".json", ".reply")).write_bytes(b"?")
    reply = inbox.take_reply(name)
    assert reply is not None
    assert "cannot be read" in reply.refusal


def test_a_message_that_is_too_long_is_not_left(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = inbox.post(YES)
    monkeypatch.setattr(inbox_module, "LONGEST_BYTES", 10)
    with pytest.raises(InboxUnusableError, match="the most is 10"):
        inbox.post(YES)
    assert inbox.letters() == [Letter(name, None)]


def test_without_its_folder_a_message_is_not_left(tmp_path: Path) -> None:
    with pytest.raises(InboxUnusableError, match="was not left: No such file"):
        Inbox(tmp_path / "answers").post(YES)


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "answers").touch()
    with pytest.raises(InboxUnusableError):
        Inbox(tmp_path / "answers").open()


def test_what_killed_senders_left_is_swept_in_time(inbox: Inbox) -> None:
    name = inbox.post(YES)
    long_ago = time.time() - 2 * inbox_module.STALE_S
    for left in (".x.new", "1-0123abcd.reply", name):
        (inbox.folder / left).touch()
        os.utime(inbox.folder / left, (long_ago, long_ago))
    (inbox.folder / ".y.new").touch()
    inbox.sweep()
    assert names(inbox) == [".y.new", name]


def test_a_disk_that_fails_leaves_the_message(inbox: Inbox) -> None:
    name = inbox.post(YES)
    Inbox(inbox.folder, disk=Full()).settle(name, Reply())
    assert inbox.letters() == [Letter(name, YES)]


class Full(RealDisk):
    def write(self, fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no room")


def test_what_cannot_be_read_for_now_is_not_taken_for_nonsense(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled, name = inbox.post(YES), inbox.post(PAUSE)
    inbox.settle(settled, Reply("no"))

    def refuse(*_: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as full:
        full.setattr("os.open", refuse)
        assert inbox.take_reply(settled) is None
        with pytest.raises(OSError, match="Too many open files"):
            inbox.letters()
    assert inbox.take_reply(settled) == Reply("no")
    assert inbox.letters() == [Letter(name, PAUSE)]
