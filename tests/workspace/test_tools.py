"""Tools are validated, considered and run."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events.action import Action, Outcome
from events.conversation import RequestedCall
from events.ids import CallId
from events.settings import Limits
from workspace import listing, search
from workspace.command import CommandRunner
from workspace.errors import CommandNotStartedError, RunnerClosedError, WorktreeUnusableError
from workspace.tools import Ran, Refusal, Toolbox

C1 = CallId("c1")
WHOLE = '\n[whole result: read_output with call_id "c1"]'


@pytest.fixture(scope="module")
def runner() -> Iterator[CommandRunner]:
    made = CommandRunner(grace_s=0.2)
    yield made
    made.close()


class Worker:
    """A worktree with a toolbox, and short words for its use."""

    def __init__(self, root: Path, runner: CommandRunner, limits: Limits) -> None:
        self.root = root
        outputs = {"c9": "one\ntwo\nthree\n", "c10": ""}
        self.tools = Toolbox(root, limits, outputs.get, runner, {"PATH": "/usr/bin:/bin"}, "T1.1")

    def write(self, path: str, data: bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    def names(self) -> list[str]:
        return sorted(file.name for file in self.root.iterdir())

    def ran(self, tool: str, **arguments: object) -> Ran:
        return self.tools.run(call(tool, **arguments), C1).result(30)

    def outcome(self, tool: str, **arguments: object) -> Outcome:
        return self.ran(tool, **arguments).outcome

    def text(self, tool: str, **arguments: object) -> str:
        text = self.outcome(tool, **arguments).text
        assert isinstance(text, str)
        return text

    def action(self, tool: str, **arguments: object) -> Action:
        considered = self.tools.consider(call(tool, **arguments))
        assert isinstance(considered, Action), considered
        return considered

    def refusal(self, tool: str, **arguments: object) -> str:
        """Return why a call is refused, before and at its run, with nothing changed."""
        considered = self.tools.consider(call(tool, **arguments))
        assert isinstance(considered, Refusal), considered
        outcome, touched = self.ran(tool, **arguments)
        assert (outcome.ok, outcome.failing, touched) == (False, False, ())
        assert outcome.text == considered.text
        return considered.text


def call(tool: str, **arguments: object) -> RequestedCall:
    return RequestedCall(tool, json.dumps(arguments))


@pytest.fixture
def hire(tmp_path: Path, runner: CommandRunner) -> Callable[..., Worker]:
    root = tmp_path / "tree"
    root.mkdir()

    def hired(**limits: float) -> Worker:
        return Worker(root, runner, Limits(**limits))  # type: ignore[arg-type]  # by name

    return hired


@pytest.fixture
def worker(hire: Callable[..., Worker]) -> Worker:
    return hire()


def test_considering_and_previewing_change_nothing(worker: Worker) -> None:
    worker.write("a.txt", b"one\n")
    for asked in (
        call("write_file", path="new/b.txt", content="x"),
        call("replace_text", path="a.txt", old="one", new="two"),
        call("delete_file", path="a.txt"),
        call("move_file", source="a.txt", target="c/d.txt"),
        call("run_command", command="touch ran"),
    ):
        assert isinstance(worker.tools.consider(asked), Action)
        assert worker.tools.preview(asked)
    assert worker.names() == ["a.txt"]
    assert (worker.root / "a.txt").read_bytes() == b"one\n"


def test_an_action_says_what_it_touches(worker: Worker) -> None:
    worker.write("a.txt", b"one\ntwo\n")
    (worker.root / "link").symlink_to("a.txt")
    edit = worker.action("replace_text", path="./a.txt", old="one", new="1\n1")
    assert (edit.kind, edit.tool, edit.effect) == ("tool", "replace_text", "write")
    assert (edit.paths, edit.changed_lines, edit.confined) == (("a.txt",), 3, True)
    moved = worker.action("move_file", source="a.txt", target="b.txt")
    assert (moved.paths, moved.changed_lines) == (("a.txt", "b.txt"), 0)
    assert worker.action("read_file", path="link").paths == ("link", "a.txt")
    assert worker.action("read_file", path="missing/x").paths == ("missing/x",)
    assert worker.action("list_files").paths == ()
    command = worker.action("run_command", command="rm -rf build")
    assert (command.command, command.effect, command.confined) == ("rm -rf build", "command", False)
    assert worker.action("finish", summary="done").effect == "none"


def test_a_digest_is_bound_to_the_arguments_and_to_the_file_under_them(worker: Worker) -> None:
    file = worker.write("a.txt", b"one\n")
    edit = {"path": "a.txt", "content": "two\n"}
    first = worker.action("write_file", **edit).digest
    assert worker.action("write_file", **edit).digest == first
    assert worker.action("write_file", path="a.txt", content="three\n").digest != first
    file.write_bytes(b"other\n")
    assert worker.action("write_file", **edit).digest != first
    file.unlink()
    missing = worker.action("write_file", **edit).digest
    file.write_bytes(b"")
    assert worker.action("write_file", **edit).digest != missing
    short = worker.action("run_command", command="ls", timeout_s=1).digest
    assert worker.action("run_command", command="ls").digest != short


def test_a_preview_shows_what_will_really_happen(worker: Worker) -> None:
    worker.write("a.txt", b"one\r\n")
    assert worker.tools.preview(call("replace_text", path="a.txt", old="one", new="two")) == (
        "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\r\n+two\r\n"
    )
    moved = call("move_file", source="a.txt", target="b.txt")
    assert worker.tools.preview(moved) == "rename from a.txt\nrename to b.txt\n"
    same = call("write_file", path="a.txt", content="one\n")
    assert worker.tools.preview(same).startswith("no change")
    shown = worker.tools.preview(call("run_command", command="make\nall", timeout_s=9))
    assert shown.startswith(
        f"command: make\n         all\nworktree: {worker.root}\ntime limit: 9 s\n"
    )
    assert "environment: PATH\n" in shown
    assert "sandbox: none: Commands run with all your rights" in shown
    assert worker.tools.preview(call("give_up", reason="x")) == 'give_up {"reason":"x"}\n'
    outside = call("write_file", path="../x", content="")
    assert worker.tools.preview(outside).startswith("refused: path '../x'")


def test_calls_that_are_not_right_are_refused(worker: Worker) -> None:
    worker.write("a.txt", b"one one\n")
    worker.write("b.txt", b"")
    assert "there is no tool 'sudo'" in worker.refusal("sudo")
    assert "missing required field" in worker.refusal("write_file", path="a.txt")
    assert "occurs 2 times" in worker.refusal("replace_text", path="a.txt", old="one", new="")
    assert "does not exist" in worker.refusal("replace_text", path="x/y", old="a", new="")
    assert "does not exist" in worker.refusal("delete_file", path="x")
    assert "cannot hold a NUL" in worker.refusal("run_command", command="ls\0rm")
    assert "exists already" in worker.refusal("move_file", source="a.txt", target="b.txt")
    assert "steers other programs" in worker.refusal("move_file", source="a.txt", target=".envrc")
    assert worker.names() == ["a.txt", "b.txt"]


def test_no_tool_leaves_the_worktree(worker: Worker) -> None:
    secret = worker.root.parent / "secret"
    secret.write_bytes(b"canary\n")
    (worker.root / "out").symlink_to("..")
    (worker.root / "file").symlink_to("../secret")
    for path in ("../secret", str(secret), "out/secret", "file", ".git/config", "~/x", ""):
        worker.refusal("read_file", path=path)
        worker.refusal("view_file", path=path, view="outline")
        worker.refusal("write_file", path=path, content="x")
        worker.refusal("replace_text", path=path, old="canary", new="x")
        worker.refusal("delete_file", path=path)
        worker.refusal("move_file", source=path, target="here")
        if path != "file":
            worker.write("mine", b"")
            worker.refusal("move_file", source="mine", target=path)
    assert "canary" not in worker.text("search_text", pattern="canary")
    assert secret.read_bytes() == b"canary\n"


def test_writing_reports_what_changed(worker: Worker) -> None:
    ran = worker.ran("write_file", path="src/a.txt", content="one\ntwo\n")
    assert ran == (
        Outcome(ok=True, text="done: src/a.txt (2 lines added, 0 removed)"),
        ("src/a.txt",),
    )
    assert worker.text("replace_text", path="src/a.txt", old="one", new="1").endswith(
        "(1 line added, 1 removed)"
    )
    assert worker.ran("move_file", source="src/a.txt", target="b.txt").touched == (
        "src/a.txt",
        "b.txt",
    )
    assert (worker.root / "b.txt").read_bytes() == b"1\ntwo\n"
    assert worker.ran("delete_file", path="b.txt").touched == ("b.txt",)
    assert not (worker.root / "b.txt").exists()


def test_a_python_file_left_broken_goes_to_qa(worker: Worker) -> None:
    outcome, touched = worker.ran("write_file", path="a.py", content="x = 1\ndef f(:\n")
    assert (outcome.ok, outcome.failing, outcome.finding) == (True, True, "a.py:2")
    assert outcome.text == ""
    assert "SyntaxError" in str(outcome.output)
    assert touched == ("a.py",)
    assert not worker.outcome("replace_text", path="a.py", old="(:", new="(): pass").failing
    assert not worker.outcome("write_file", path="a.txt", content="def f(:").failing
    worker.write("broken.py", b"def f(:")
    assert not worker.outcome("move_file", source="broken.py", target="moved.py").failing
    assert not worker.outcome("delete_file", path="moved.py").failing


def test_reading_whole_files_and_slices(hire: Callable[..., Worker]) -> None:
    worker = hire(result_lines=3)
    worker.write("a.txt", b"1\r\n2\r\n3\r\n4\r\n5")
    worker.write("image", b"\x89PNG\0")
    assert worker.text("read_file", path="a.txt", start_line=2, end_line=3) == (
        "2\n3\n[lines 2 to 3 of 5]"
    )
    assert worker.text("read_file", path="a.txt") == (
        "1\n2\n3\n[lines 1 to 3 of 5; cut at the cap, go on from line 4]" + WHOLE
    )
    assert worker.text("read_file", path="a.txt", start_line=4) == "4\n5\n[lines 4 to 5 of 5]"
    assert "no lines 6 to the end: it has 5" in worker.text("read_file", path="a.txt", start_line=6)
    assert "a PNG image of 5 bytes" in worker.text("read_file", path="image")
    assert not worker.outcome("read_file", path="missing").ok


def test_a_whole_file_comes_without_any_note(worker: Worker) -> None:
    worker.write("a.txt", b"1\n2\n")
    assert worker.text("read_file", path="a.txt") == "1\n2"
    worker.write("empty", b"")
    assert worker.text("read_file", path="empty") == "[empty is empty]"


def test_views_of_python_files(hire: Callable[..., Worker]) -> None:
    worker = hire(result_lines=8)
    worker.write("a.py", b"def f(x):\r\n    'Say it.'\r\n    return x + 1\r\n")
    worker.write("image", b"")
    worker.write("long.py", b"".join(b"def f%d(): return 1\n" % n for n in range(20)))
    assert "return x + 1" not in worker.text("view_file", path="a.py", view="skeleton")
    assert "def f(x)" in worker.text("view_file", path="a.py", view="curated")
    assert worker.text("view_file", path="a.py", view="outline").startswith(
        "f function 1-3 Say it."
    )
    assert "return x + 1" in worker.text("view_file", path="a.py", view="skeleton", symbol="f")
    assert "no definition 'h'" in worker.text("view_file", path="a.py", view="skeleton", symbol="h")
    assert worker.text("view_file", path="a.py", view="skeleton").splitlines() == [
        "def f(x): pass",
        "[skeleton: 5 tokens of 16 (44 bytes)]",
    ]
    worker.write("bad.py", b"def f(:\n")
    assert worker.text("view_file", path="bad.py", view="outline").endswith(
        " (8 bytes); does not parse at line 1; lines left out for it: 1]"
    )
    worker.write("empty.py", b"")
    assert worker.text("view_file", path="empty.py", view="skeleton") == (
        "[skeleton: 0 tokens of 0 (0 bytes); the file is empty]"
    )
    assert "is not Python" in worker.text("view_file", path="image", view="outline")
    assert "cut at the cap after 8 lines" in worker.text(
        "view_file", path="long.py", view="outline"
    )


def test_listing_and_searching(
    hire: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = hire(result_lines=2)
    for name in ("a.py", "b/c.py", "d.txt", "e.py"):
        worker.write(name, b"import x\n")
    assert worker.text("list_files", glob="b/**") == "b/c.py"
    assert f"c.py\n[2 of 4 files; ask with a narrower glob]{WHOLE}" in worker.text("list_files")
    assert worker.text("list_files", glob="*.rs") == "[no file fits *.rs]"
    assert worker.text("search_text", pattern="imp", glob="b/*") == "b/c.py:1:import x"
    assert worker.text("search_text", pattern="imp") == (
        "a.py:1:import x\nb/c.py:1:import x\n"
        "[2 of 4 matches; narrow the pattern or the glob]" + WHOLE
    )
    assert worker.text("search_text", pattern="nothing") == "[no match]"
    assert "no regular expression" in worker.text("search_text", pattern="(")
    monkeypatch.setattr(listing, "MAX_FILES", 3)
    assert "only the first 3 files were looked at" in worker.text("list_files", glob="a.py")
    monkeypatch.setattr(search, "search", lambda *_, **__: search.Hits([], timed_out=True))
    assert worker.text("search_text", pattern="x") == ("[not all files were searched within 10 s]")


def test_reading_the_output_of_an_earlier_call(worker: Worker) -> None:
    assert worker.text("read_output", call_id="c9", start_line=2, end_line=9) == (
        "two\nthree\n[lines 2 to 3 of 3]"
    )
    assert worker.text("read_output", call_id="c10", start_line=1, end_line=9) == (
        "[the output of c10 is empty]"
    )
    assert "no output of a call 'c7' is kept" in worker.text(
        "read_output", call_id="c7", start_line=1, end_line=1
    )


def test_a_green_command_says_how_it_went(hire: Callable[..., Worker]) -> None:
    worker = hire(result_lines=4)
    outcome, touched = worker.ran("run_command", command="seq 100; touch made")
    assert touched is None
    assert (outcome.ok, outcome.failing, outcome.exit_code) == (True, False, 0)
    assert str(outcome.text).startswith("[exit code 0 in ")
    assert str(outcome.text).endswith("]\n1\n2\n[... 96 lines, 282 bytes cut here ...]\n99\n100")
    assert str(outcome.output).startswith("1\n2\n3\n4\n5\n")
    assert outcome.output_bytes == 292
    assert (worker.root / "made").exists()
    assert "1 processes that it left running were ended" in worker.text(
        "run_command", command="sleep 1000 & exit 0"
    )


def test_a_red_command_leaves_the_words_to_qa(worker: Worker, hire: Callable[..., Worker]) -> None:
    outcome = worker.outcome("run_command", command="echo bad; exit 3")
    assert (outcome.ok, outcome.failing, outcome.exit_code) == (False, True, 3)
    assert (outcome.text, outcome.output) == ("", "bad\n")
    assert outcome.command == "echo bad; exit 3"
    late = worker.outcome("run_command", command="sleep 1000", timeout_s=0.2)
    assert (late.timed_out, late.failing, late.ok) == (True, True, False)
    assert worker.outcome("run_command", command="kill -9 $$").signal == 9
    hurried = hire(command_timeout_s=0.2)
    assert hurried.outcome("run_command", command="sleep 1000", timeout_s=900).timed_out


def test_a_cancelled_command_is_stopped_and_not_a_failure(worker: Worker) -> None:
    os.mkfifo(worker.root / "up")
    future = worker.tools.run(call("run_command", command="echo >up; sleep 1000"), C1)
    (worker.root / "up").read_bytes()
    worker.tools.cancel(C1)
    outcome = future.result(30).outcome
    assert (outcome.ok, outcome.failing) == (False, False)
    assert outcome.text == "[the command was stopped before its end]"


def test_an_archetype_may_have_fewer_tools(tmp_path: Path, runner: CommandRunner) -> None:
    tools = Toolbox(tmp_path, Limits(), lambda _: None, runner, {}, "T1.1", ["read_file"])
    assert [spec.name for spec in tools.specs] == ["read_file", "finish", "give_up"]
    refused = tools.consider(call("run_command", command="ls"))
    assert isinstance(refused, Refusal)
    assert (
        refused.text == "there is no tool 'run_command'; the tools are read_file, finish, give_up"
    )


def test_a_full_disk_is_nobody_s_edit_to_blame(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    future = worker.tools.run(call("write_file", path="a", content="x"), C1)
    with pytest.raises(WorktreeUnusableError, match="No space left on device; mend it"):
        future.result(0)
    assert worker.names() == []


def test_what_the_system_refuses_is_told_to_the_model(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.write("a", b"")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert worker.refusal("delete_file", path="a") == "the system refuses: Permission denied"
    assert "Permission denied" in worker.tools.preview(call("delete_file", path="a"))


def test_a_command_that_cannot_start_is_an_error_of_the_future(
    tmp_path: Path, runner: CommandRunner
) -> None:
    tools = Toolbox(tmp_path / "gone", Limits(), lambda _: None, runner, {}, "T1.1")
    future = tools.run(call("run_command", command="ls"), C1)
    with pytest.raises(CommandNotStartedError):
        future.result(30)


def test_no_command_is_taken_after_the_end(tmp_path: Path) -> None:
    closed = CommandRunner()
    closed.close()
    tools = Toolbox(tmp_path, Limits(), lambda _: None, closed, {}, "T1.1")
    with pytest.raises(RunnerClosedError):
        tools.run(call("run_command", command="ls"), C1)
