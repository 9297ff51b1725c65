"""git is run with nothing of the caller's and nothing of the repository's that could run."""

import errno
import os
import re
from pathlib import Path

import pytest

from events.errors import Fault
from tests.git_repo import GitRepo
from workspace import git as git_room
from workspace.errors import GitFailedError, GitTimeoutError, GitUnusableError, WorkspaceError
from workspace.git import Git, environment, printable, program, silenced


def fake_git(folder: Path, script: str) -> str:
    """Put a program named git into `folder`, and return the folder as a search path."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    return str(folder)


def test_git_variables_of_the_caller_do_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "evil")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "evil")
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    found = environment()
    assert "evil" not in found.values()
    assert "secret" not in found.values()
    assert "GIT_DIR" not in found
    assert found["LC_ALL"] == "C"


def test_a_git_of_the_current_folder_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_git(tmp_path / "bin", "echo git version 99.0")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GitUnusableError, match=r"not on the PATH; install git 2\.38"):
        program("bin:.")


def test_without_git_there_is_a_clear_line(tmp_path: Path) -> None:
    with pytest.raises(GitUnusableError, match="git is not on the PATH"):
        program(str(tmp_path))


def test_a_git_that_is_too_old_is_named(tmp_path: Path) -> None:
    path = fake_git(tmp_path / "bin", "echo git version 2.37.9")
    with pytest.raises(GitUnusableError, match=r"bin/git is too old \(git version 2\.37\.9\)"):
        program(path)


def test_a_git_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'test "$1" = version && echo git version 3.0 && exit; exec cat </dev/zero'
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", f'PATH="{git_path()}"; {script}'))
    program(str(tmp_path / "bin"))
    monkeypatch.setattr(git_room, "TIMEOUT_S", 0.05)
    with pytest.raises(GitTimeoutError, match=r"git status failed .* no answer within 0\.05 s"):
        Git(tmp_path).run("status")


def test_the_end_of_a_git_is_not_polled_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slept(_seconds: float) -> None:
        raise AssertionError

    script = 'test "$1" = version && echo git version 3.0 && exit; exec >&- 2>&-; exec sleep 0.05'
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", f'PATH="{git_path()}"; {script}'))
    with monkeypatch.context() as patch:
        patch.setattr("time.sleep", slept)
        assert Git(tmp_path).run("status") == b""
    monkeypatch.setattr(os, "pidfd_open", no_such_call)
    assert Git(tmp_path).run("status") == b""


def no_such_call(_process: int) -> int:
    raise OSError(errno.ENOSYS, "an old kernel")


def test_commands_side_by_side_answer_in_their_order(tmp_path: Path) -> None:
    git = Git(GitRepo(tmp_path / "repo").path)
    said = git.together(("rev-parse", "--git-dir"), ("rev-parse", "--is-bare-repository"))
    assert said == [b".git\n", b"false\n"]


def test_a_command_beside_one_that_fails_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "case $1 in version) echo git version 3.0;; fail) exit 7;; *) exec sleep 600;; esac"
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", f'PATH="{git_path()}"; {script}'))
    with pytest.raises(GitFailedError, match="git fail failed"):
        Git(tmp_path).together(("fail",), ("wait",))


def git_path() -> str:
    """Return the search path that this process was started with."""
    return environment()["PATH"]


def test_an_interrupt_at_the_terminal_does_not_reach_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'test "$1" = version && echo git version 3.0 && exit; exec cat /proc/self/stat'
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", f'PATH="{git_path()}"; {script}'))
    fields = Git(tmp_path).line("status").split(" ")
    assert int(fields[4]) != os.getpgrp()


def test_a_failure_says_what_git_said_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(GitFailedError) as caught:
        Git(tmp_path).run("rev-parse", "--git-dir")
    assert caught.value.command == "rev-parse"
    assert caught.value.exit_code == 128
    assert "not a git repository" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_words_of_git_cannot_steer_a_terminal() -> None:
    assert printable("a\x1b[31m\u202eb\udcff\r\nc") == "a\\x1b[31m\\u202eb\\xff\\r\\nc"


def test_every_filter_and_driver_of_a_repository_is_silenced(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    assert silenced(Git(repo.path)) == ()
    repo.arm(tmp_path / "canary")
    assert dict(silenced(Git(repo.path))) == {
        "diff.evil.command": "",
        "diff.evil.textconv": "",
        "filter.evil.clean": "",
        "filter.evil.required": "false",
        "filter.evil.smudge": "",
        "filter.odd=name.x.clean": "",
        "filter.odd=name.x.process": "",
        "filter.odd=name.x.smudge": "",
        "merge.evil.driver": "",
    }


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("error: unable to write file x: No space left on device", "disk"),
        ("error: unable to write file x", "disk"),
        ("fatal: unable to write new index file", "disk"),
        ("fatal: merge: Unable to write new index file", "disk"),
        ("fatal: unable to create /r/index.lock: Permission denied", "disk"),
        ("fatal: Unable to create /r/index.lock: Read-only file system.", "disk"),
        ("fatal: cannot create directory at y: No space left on device", "disk"),
        ("fatal: sha1 file x write error. Out of diskspace", "disk"),
        ("error: insufficient permission for adding an object to x", "disk"),
        ("error: unable to read sha1 file of x (4b825dc)", "damaged"),
        ("fatal: unable to read tree 4b825dc", "damaged"),
        (f"fatal: unable to read {'4b825dc6' * 5}", "damaged"),
        ("fatal: bad object 4b825dc", "damaged"),
        ("fatal: bad tree object 4b825dc", "damaged"),
        ("fatal: loose object 4b825dc (stored in x) is corrupt", "damaged"),
        ("error: unable to write file x: File name too long", None),
        ("error: unable to create file No space left on device: File exists", None),
        ("fatal: pathspec x did not match", None),
    ],
)
def test_a_failure_that_is_not_of_the_command_is_told_by_the_words_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, fault: Fault | None
) -> None:
    script = f"[ $1 = version ] && echo git version 2.40.1 && exit\necho '{words}' >&2\nexit 128"
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", script))
    with pytest.raises(WorkspaceError, match=re.escape(words)) as raised:
        Git(tmp_path).run("write-tree")
    assert raised.value.fault == fault
