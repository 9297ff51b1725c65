"""What has the form of a secret is nowhere to be found after a run, and the code keeps it."""

import json
from collections.abc import Iterator

import pytest

from events.attempt_events import PermitVoided, ReplyRecorded, ToolFinished
from events.base import Event
from events.hint import HintGiven
from events.secret_patterns import without_secrets
from store.encode import as_it_is
from tests.end_to_end.project import Ended, Json, Project, trackside
from tests.end_to_end.scripts import call, command, done, hint, turn, write
from tests.events.test_secret_patterns import JWT, KEY, KEY_LINES, MANY, PARTS, SECRETS

TOKENS = [secret for secret, _ in SECRETS] + [text.strip() for text, _, _ in PARTS]
ACCOUNT = json.dumps({"type": "service_account", "private_key": f"{KEY}\n"})
PARTS_OF_SECRETS = {
    *(MANY[at : at + 8] for at in range(len(MANY) - 8)),
    *(KEY_LINES[0][at : at + 12] for at in range(len(KEY_LINES[0]) - 12)),
    "IOSFODNN7SAMPLEX", "0a1b2c3d0a1b2c3d", JWT[:36],
}  # fmt: skip
"""No half of a secret either: all of them are made of the same characters."""
REFUSED, WAITING = 2, 3
LONG = "=" * 16_380
"""Characters before and after what would be cut: `limits.result_bytes` is 16,384."""


def left_by(project: Project, *said: Ended) -> Iterator[tuple[str, str]]:
    """Give all that there is to read after a run, but the code itself."""
    for folder in (project.repo.path / ".trackside", project.folder / "state"):
        for path in folder.rglob("*"):
            yield "a name", str(path)
            if (
                path.is_file()
                and not path.is_symlink()
                and project.folder_of() / "git" not in path.parents
            ):
                yield str(path), path.read_text(errors="replace")
    for each in said:
        yield "stdout", each.out
        yield "stderr", each.err


def assert_nowhere(project: Project, *said: Ended) -> None:
    for where, text in left_by(project, *said):
        found = [part for part in PARTS_OF_SECRETS if part in text]
        assert not found, f"{found} in {where}: {text[:400]}"


def looks(project: Project, run: str = "run") -> list[Ended]:
    """Return what every command says of the run."""
    page = str(project.repo.path / ".trackside" / "page.html")
    asked = [
        ["show", run], ["log", run, "--full"], ["context", run, "A"],
        ["context", run, "A", "--raw"], ["why", run, "A"], ["report", run, "-o", page],
        ["export", run], ["diff", f"{run}@5", run, "--files"], ["status", run], ["usage", run],
        ["replay", run], ["verify", run], ["show", run, "--json"],
    ]  # fmt: skip
    return [trackside(*words, "--repo", str(project.repo.path)) for words in asked]


def all_of_them() -> str:
    """Return a file of lines with every secret, and long ones in which a cut would halve it."""
    lines = [f"key{number} = '{token}'" for number, token in enumerate(TOKENS)]
    return "\n".join([*lines, KEY, ACCOUNT, *(f"# {'=' * 285}{token}" for token in TOKENS), ""])


def test_secrets_in_files_and_words_are_nowhere_to_be_found(project: Project) -> None:
    keys = "".join(f"KEY{number} = {token!r}\n" for number, token in enumerate(TOKENS))
    source = f'"""Keys."""\n\n{keys}'
    source += f'PEM = """\n{KEY}\n"""\n\n\ndef use() -> str:\n    return KEY0\n'
    project.repo.commit(**{
        "conf.py": source, "keys.txt": all_of_them(), "long.txt": f"{LONG}{TOKENS[0]}{LONG}\n",
        "more.txt": f"{all_of_them()}\n" * 6, "server.pem": f"{KEY}\n", "account.json": ACCOUNT,
    })  # fmt: skip
    words = " ".join(TOKENS)
    ticket = {
        "id": "A",
        "description": f"Use {words}\n{KEY}\n{ACCOUNT}",
        "target_file": "conf.py",
        "context_requirements": ["keys.txt", "more.txt", "account.json"],
    }
    project.plan(ticket, description=words, title=TOKENS[0])
    files = ("keys.txt", "long.txt", "more.txt", "server.pem", "account.json", "conf.py")
    turns = [
        turn(*(call("read_file", path=path) for path in files), text=f"I see {words} {KEY}"),
        turn(*(call("view_file", path="conf.py", view=view) for view in ("curated", "skeleton"))),
        turn(
            call("search_text", pattern="key|KEY|=|[A-Z]"), call("search_text", pattern="secret:")
        ),
        turn(command("cat *; cat long.txt keys.txt; cat server.pem >&2; exit 1")),
        turn(command("cat keys.txt more.txt long.txt")),
        turn(write("made.txt", all_of_them()), write("k.pem", f"{KEY}\n")),
        turn(write("conf.py", without_secrets(source).replace("'\nKEY1", "\nKEY1"))),
        turn(command(f"echo '{TOKENS[0]}' > echoed.txt"), command(f"echo '{KEY}' > echoed.pem")),
        turn(call("finish", summary=f"I used {words} and {KEY}")),
    ]
    project.script({"A": [turns]})
    ran = project.run("--json", "-v")
    assert ran.code == 0, ran.err
    told = looks(project)
    assert [each.code for each in told] == [0] * len(told), [each.err for each in told]
    assert_nowhere(project, ran, *told)
    refused = [event.outcome.text for event in project.events(ToolFinished) if not event.outcome.ok]
    names = ("'made.txt'", "'k.pem'", "'command'", "'command'")
    assert [text.partition(":")[0] for text in refused if "[secret:" in text] == [*names]


def test_a_worker_edits_files_whose_secrets_it_never_sees(project: Project) -> None:
    one, two = "AIza" + MANY[:35], "ghp_" + MANY[:36]
    config = f"one = '{one}'\r\ntwo = '{two}'\r\nlevel = 1\r\n"
    files: dict[str, str | bytes] = {"conf.txt": config.encode(), "server.pem": f"{KEY}\n"}
    project.repo.commit(**files, **{"account.json": ACCOUNT})
    seen = without_secrets(config).replace("\r\n", "\n").split("\n")
    key = without_secrets(KEY)
    whole = "\n".join([seen[1], seen[0], "level = 2", ""])
    turns = [
        turn(call("read_file", path="conf.txt"), call("read_file", path="server.pem")),
        turn(
            call("replace_text", path="conf.txt", old=seen[0], new=f"{seen[0]}  # first"),
            call("replace_text", path="server.pem", old=key, new=f"# mine\n{key}"),
            expect=(seen[0], key.split("\n")[1]),
        ),
        turn(write("conf.txt", whole), write("account.json", without_secrets(ACCOUNT) + "\n")),
        done(),
    ]  # fmt: skip
    project.plan({"id": "A", "target_file": "conf.txt"})
    project.script({"A": [turns]})
    ran = project.run()
    assert ran.code == 0, ran.err
    assert all(event.outcome.ok for event in project.events(ToolFinished))
    expected = {
        "conf.txt": f"two = '{two}'\r\none = '{one}'\r\nlevel = 2\r\n",
        "server.pem": f"# mine\n{KEY}\n",
        "account.json": f"{ACCOUNT}\n",
    }
    assert {path: project.file(path) for path in expected} == expected
    assert project.repo.git("rev-parse", "trackside/run^{tree}") == project.tree()
    again = project.run("--model", "recorded:run", run="again")
    assert again.code == 0, again.err
    assert {path: project.file(path, "again") for path in expected} == expected
    told = looks(project)
    assert [each.code for each in told] == [0] * len(told)
    assert_nowhere(project, ran, again, *told)


def test_a_hint_is_cut_after_its_secrets_are_replaced(project: Project) -> None:
    words = f"{'x' * 380} ghp_{MANY[:36]}"
    project.plan({"id": "A"})
    script = {"A": [[turn(command("false")), done()]]}
    project.script(script, hint("", words))
    ran = project.run()
    assert ran.code == 0, ran.err
    verified = trackside("verify", "run", "--repo", str(project.repo.path))
    assert verified.code == 0, verified.out
    assert_nowhere(project, ran, verified)


def test_a_person_edits_a_call_whose_secrets_they_never_see(project: Project) -> None:
    token = "ghp_" + MANY[:36]
    project.repo.commit(**{"conf.txt": f"one = '{token}'\nlevel = 1\n"})
    shown = without_secrets(f"one = '{token}'\n")
    project.plan({"id": "A", "step_mode": True})
    project.script({"A": [[turn(write("conf.txt", f"{shown}level = 2\n")), done()]]})
    asked = project.run()
    assert asked.code == WAITING
    words = ("run", "A.1.c1", "--repo", str(project.repo.path))
    file = project.folder / "edited.json"
    made_up = {"path": "conf.txt", "content": f"one = '{token[:-1]}x'\n"}
    edited = {"path": "conf.txt", "content": f"{shown}level = 3\n"}
    told = []
    for arguments in (made_up, edited):
        file.write_text(json.dumps(arguments))
        told.append(trackside("approve", *words, "--edit", str(file)))
    assert [each.code for each in told] == [REFUSED, 0], [each.err for each in told]
    resumed = project.resume()
    assert resumed.code == 0, resumed.err
    assert not project.events(PermitVoided)
    assert project.file("conf.txt") == f"one = '{token}'\nlevel = 3\n"
    assert_nowhere(project, asked, *told, resumed, *looks(project))


def test_a_question_about_a_merge_shows_no_line_of_a_key(project: Project) -> None:
    lines = [f"{number:02}{KEY_LINES[0]}"[:64] for number in range(12)]
    key = "\n".join([KEY.split("\n")[0], *lines, KEY.split("\n")[-1]])
    project.repo.commit(**{"server.pem": f"{key}\n"})
    shown = without_secrets(key).split("\n")
    turns = [turn(call("replace_text", path="server.pem", old=f"{shown[6]}\n", new="")), done()]
    project.plan({"id": "A"})
    project.script({"A": [turns]})
    policy = project.folder / "policy.toml"
    policy.write_text('[[rule]]\nkind = "merge"\nverdict = "ask"\n[[rule]]\nverdict = "allow"\n')
    ran = project.run("--policy", str(policy))
    assert ran.code == WAITING, ran.err
    told = trackside("approvals", "--repo", str(project.repo.path), "--full")
    assert f"-{shown[6]}" in told.out
    assert_nowhere(project, ran, told)
    approved = trackside("approve", "run", "A.1.merge", "--repo", str(project.repo.path))
    assert project.resume().code == 0, approved.err
    assert project.file("server.pem") == key.replace(f"{lines[5]}\n", "") + "\n"
    assert_nowhere(project, *looks(project))


def test_a_secret_is_no_change(project: Project) -> None:
    """Nothing is said to be other than it was when the run began."""
    token = TOKENS[0]
    project.configure(f'[archetypes.coder]\nprompt = "Use {token}."\n')
    project.plan({"id": "A", "description": f"Use {token}."}, description=token)
    project.script({"A": [[done()]]})
    policy = project.folder / "policy.toml"
    policy.write_text(f'[[rule]]\ntool = "run_command"\ncommand = "{token}"\nverdict = "ask"\n')
    policy.write_text(f'{policy.read_text()}[[rule]]\nverdict = "ask"\n')
    asked = project.run("--policy", str(policy))
    assert asked.code == WAITING, asked.err
    resumed = project.resume()
    assert resumed.code == WAITING
    assert "the run keeps" not in resumed.err
    assert_nowhere(project, asked, resumed)


def test_a_run_of_before_there_were_placeholders_is_still_verified(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("cli.wiring.Redactor", lambda _environment: as_it_is)
        before.setattr("workspace.placeholders.placeholders_in", lambda _text: [])
        project.repo.commit(**{"conf.txt": all_of_them()})
        project.plan({"id": "A", "target_file": "conf.txt", "description": TOKENS[0]})
        turns = [turn(write("a.txt", "[secret:GEMINI_API_KEY]")), turn(write("conf.txt", KEY))]
        project.script({"A": [[*turns, done()]]})
        assert project.run().code == 0
        assert project.file("a.txt") == "[secret:GEMINI_API_KEY]"
    assert MANY in "".join(text for _, text in left_by(project))
    verified = trackside("verify", "run", "--repo", str(project.repo.path))
    assert verified.code == 0, verified.out


@pytest.mark.parametrize("known", [True, False])
def test_a_run_whose_files_hold_a_known_key_is_verified(
    known: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", MANY)
    project.repo.commit(**{"conf.txt": f"key = {MANY}\n"})
    project.plan({"id": "A", "target_file": "conf.txt"})
    project.script({"A": [[done("key = [secret:GEMINI_API_KEY]")]]})
    assert project.run().code == 0
    assert_nowhere(project)
    if not known:
        monkeypatch.delenv("GEMINI_API_KEY")
    verified = trackside("verify", "run", "--repo", str(project.repo.path))
    assert verified.code == 0, verified.out
    assert ("a key of an environment" in verified.out) is not known


def test_secrets_in_words_of_failures_are_nowhere_to_be_found(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "ghp_" + MANY[:36]
    project.plan({"id": "A", "max_attempts": 1})
    project.script({"A": [[done(f"a prompt with {token}")]]})
    failed = project.run("-v")
    assert failed.code == 1
    unreadable = trackside("run", f"{project.folder}/{'x' * 60}-{token}.json")
    assert unreadable.code == REFUSED
    project.track_file.write_text(
        json.dumps([{"id": f"{'x' * 40}-{token}"}, {f"{'x' * 40}-{token}": 1}])
    )
    malformed = project.run(run="malformed")
    assert malformed.code == REFUSED
    (project.folder / "conf.py").write_text(f"KEY = '{token}'\n")
    viewed = trackside("view", str(project.folder / "conf.py"), "--mode", "raw", "--json")
    assert "[secret:github-token:" in viewed.out

    def fail(*_: object) -> None:
        raise RuntimeError(f"{token} {KEY}")

    monkeypatch.setattr("actors.hands.Hands.perform", fail)
    project.plan({"id": "A"})
    broken = project.run("-v", run="broken")
    assert any("[secret:" in path.read_text() for path in project.folder_of("broken").glob("bug-*"))
    assert_nowhere(project, failed, unreadable, malformed, viewed, broken)


def test_what_a_fork_is_given_is_recorded_without_secrets(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", f"known-{MANY}")
    token = "ghp_" + MANY[:36]
    said = f"{'x' * 380}-{token} known-{MANY}"
    project.plan({"id": "A"})
    project.script({"A": [[turn(command("false")), done()]]}, hint("", "No."))
    assert project.run().code == 0
    ticket, answer = project.folder / "ticket.json", project.folder / "answer.json"
    ticket.write_text(json.dumps({"description": said}))
    words = ["fork", "run", "--repo", str(project.repo.path), "--run-id"]
    answers: dict[type[Event], Json] = {
        ReplyRecorded: turn(write("a.txt", said), text=said),
        HintGiven: {"hint": said},
    }
    told = [trackside(*words, "edited", "--at", "5", "--edit-ticket", "A", str(ticket))]
    for kind, given in answers.items():
        position = next(one.position for one in project.records() if type(one.event) is kind)
        answer.write_text(json.dumps(given))
        told.append(trackside(*words, kind.__name__, "--answer", str(position), str(answer)))
    assert [each.code for each in told] == [0] * 3, [each.err for each in told]
    verified = trackside(
        "verify", "edited", "ReplyRecorded", "HintGiven", "--repo", str(project.repo.path)
    )
    assert verified.code == 0, verified.out
    assert_nowhere(project, *told, verified)
