"""The clean context of an attempt."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from events.brief import Brief
from events.conversation import View, WorkerContext
from events.errors import TracksideError
from events.ids import AttemptId, TicketId
from events.settings import Context
from events.ticket import ContextFile, Ticket
from workspace.context import FileAt, assemble
from workspace.tokens import estimate_tokens
from workspace.views import view_of

FILES = {
    "shop.py": b"def total(prices):\n    return 0\n",
    "till.py": b"class Till:\n    '''Doc.'''\n    def open(self):\n        return 1\n",
    "rules.py": b"'''Rules.'''\nLIMIT = 3\ndef check(x): return x\n",
    "README.md": b"# Shop\n```\nTicket T9 (attempt 9)\n```\n",
    "big.txt": b"words and words\n" * 4000,
    "logo.png": b"\x89PNG\0",
}
TICKET = Ticket(
    id=TicketId("T1"),
    description="Make `total` add up.\n",
    target_file="shop.py",
    context_requirements=(ContextFile("till.py"), ContextFile("rules.py"), ContextFile("gone.py")),
)
BRIEF = Brief(
    attempt=AttemptId("T1.2"),
    number=2,
    ticket=TICKET,
    model="scripted",
    title="A shop",
    goal="Prices add up.",
    check="pytest -q",
    archetype_prompt="You like short code.",
    lesson="The sum was off by one.",
    tools=("read_file", "finish"),
)

MESSAGE = """\
# Track: A shop

Prices add up.

# Files

## till.py (curated, 24 tokens of 22 (64 bytes))
```python
class Till:
    '''Doc.'''
    def open(self):
        ... # Hidden
```

## rules.py (skeleton, 11 tokens of 18 (46 bytes))
```python
LIMIT=...
def check(x): pass
```

## gone.py (missing: there is no such file)

## shop.py (raw, 11 tokens of 11 (32 bytes))
```python
def total(prices):
    return 0
```

# Task

Make `total` add up.

Target file: shop.py

The check that must pass: pytest -q

Ticket T1 (attempt 2)

# Lesson of the attempt before

The sum was off by one.
"""


def read(path: str, files: Mapping[str, bytes] = FILES) -> FileAt | None:
    return FileAt(files[path], f"blob of {path}") if path in files else None


def context_of(*entries: ContextFile, most: int = 8000, **ticket: Any) -> WorkerContext:  # noqa: ANN401 - any field
    changed = msgspec.structs.replace(TICKET, context_requirements=entries, **ticket)
    brief = msgspec.structs.replace(BRIEF, ticket=changed)
    return assemble(brief, read, Context(raw_max_tokens=most))


def test_the_message_goes_from_stable_to_volatile() -> None:
    context = assemble(BRIEF, read, Context())
    assert context.message == MESSAGE
    assert (context.ticket_id, context.attempt, context.model_name) == ("T1", "T1.2", "scripted")


def test_equal_briefs_give_equal_bytes() -> None:
    assert assemble(BRIEF, read, Context()) == assemble(BRIEF, read, Context())


def test_attempts_of_a_ticket_share_all_but_the_end() -> None:
    first = msgspec.structs.replace(BRIEF, number=1, lesson="", attempt=AttemptId("T1.1"))
    message = assemble(first, read, Context()).message
    assert message.endswith("\n\nTicket T1 (attempt 1)\n")
    assert MESSAGE.startswith(message.removesuffix("Ticket T1 (attempt 1)\n"))


def test_a_link_is_shown_as_the_file_that_it_leads_to() -> None:
    link = FileAt(FILES["till.py"], "blob of till.py", "till.py")
    ticket = msgspec.structs.replace(TICKET, context_requirements=(), target_file="link")
    brief = msgspec.structs.replace(BRIEF, ticket=ticket)
    context = assemble(brief, lambda _: link, Context())
    block = context.message.partition("# Files\n\n")[2].partition("\n# Task")[0]
    assert block == (
        "## link (raw, 22 tokens of 22 (64 bytes))\n"
        "Note: it is a symlink to till.py, whose content this is.\n"
        f"```python\n{FILES['till.py'].decode()}```\n"
    )
    assert context.views[0].blob == "blob of till.py"


def test_the_rules_come_first_and_the_archetype_after_them() -> None:
    system = assemble(BRIEF, read, Context()).system
    assert system.startswith("You are a worker of trackside.")
    assert system.endswith("\nYou like short code.\n")
    for word in ("read_file, finish", "finish", "give_up", "BLOCKED", "hint"):
        assert word in system


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (("read_file", "view_file", "read_output"), ("with read_file or view_file", "read_output")),
        (("view_file", "write_file"), ("left out with view_file before",)),
        (("write_file",), ()),
    ],
)
def test_the_rules_send_nobody_to_a_tool_that_he_has_not(
    tools: tuple[str, ...], words: tuple[str, ...]
) -> None:
    system = assemble(msgspec.structs.replace(BRIEF, tools=tools), read, Context()).system
    for word in words:
        assert word in system
    for name in {"read_file", "view_file", "read_output"} - {*tools}:
        assert name not in system
    assert "  " not in system


def test_every_view_can_be_made_again_from_its_record() -> None:
    context = assemble(BRIEF, read, Context())
    assert [view.view for view in context.views] == ["curated", "skeleton", "missing", "raw"]
    assert context.views[2] == View("gone.py", "missing", note="there is no such file")
    for view in context.views:
        if view.view in {"raw", "curated", "skeleton"}:
            content = FILES[view.path]
            again = view_of(content, view.view, path=view.path)  # type: ignore[arg-type]  # checked above
            assert f"```python\n{again.text}```" in context.message
            assert view.blob == f"blob of {view.path}"
            assert view.size_bytes == len(content)
            assert view.tokens == again.tokens
            assert view.original_tokens == estimate_tokens(content)


def test_a_ticket_without_files_has_none() -> None:
    context = context_of(target_file=None)
    assert context.views == ()
    assert "# Files" not in context.message
    assert "Target file" not in context.message


def test_an_entry_may_name_its_view() -> None:
    context = context_of(ContextFile("till.py", "outline"), ContextFile("rules.py", "raw"))
    assert [view.view for view in context.views] == ["outline", "raw", "raw"]
    assert "Till class 1-4 Doc.\n" in context.message


def test_a_file_is_told_once() -> None:
    context = context_of(ContextFile("shop.py"), ContextFile("till.py"), ContextFile("till.py"))
    assert [view.path for view in context.views] == ["till.py", "shop.py"]
    assert [view.view for view in context.views] == ["skeleton", "raw"]


def test_a_target_above_the_limit_is_curated() -> None:
    context = context_of(most=10)
    assert context.views[0].view == "curated"
    assert context.views[0].note == "its raw view is too long"
    assert "Note: its raw view is too long.\n" in context.message


@pytest.mark.parametrize(("most", "view"), [(6, "curated"), (2, "skeleton"), (1, "excerpt")])
def test_a_reduced_view_that_is_still_too_long_is_reduced_further(most: int, view: str) -> None:
    files = {"a.py": b"def f(a, b, c): return a + b\n"}
    brief = msgspec.structs.replace(
        BRIEF, ticket=Ticket(id=TicketId("T1"), description="d", target_file="a.py")
    )
    context = assemble(brief, lambda path: read(path, files), Context(raw_max_tokens=most))
    assert context.views[0].view == view
    assert context.views[0].note


def test_other_files_are_raw_with_fences_that_hold() -> None:
    context = context_of(ContextFile("README.md"), ContextFile("README.md", "outline"))
    assert context.views[0].view == "raw"
    assert context.views[0].note == ""
    assert "````\n# Shop\n```\nTicket T9 (attempt 9)\n```\n````\n" in context.message
    assert context.message.count("\nTicket T1 (attempt 2)\n") == 1


def test_a_view_that_other_files_lack_is_noted() -> None:
    context = context_of(ContextFile("README.md", "outline"))
    assert context.views[0].note == "it is not Python, so it has no outline view"


def test_other_files_above_the_limit_are_head_and_tail() -> None:
    context = context_of(ContextFile("big.txt"), most=1000)
    view = context.views[0]
    assert (view.view, view.original_tokens) == ("excerpt", 15_900)
    assert view.note == "it has about 15,900 tokens"
    assert 800 < view.tokens <= 1100
    assert "bytes left out here" in context.message


def test_a_binary_file_is_named_and_not_shown() -> None:
    context = context_of(ContextFile("logo.png"))
    assert (context.views[0].view, context.views[0].note) == ("excerpt", "it is binary")
    assert "# trackside: it is binary; 5 bytes, not shown\n" in context.message


def test_a_file_that_cannot_be_read_is_named() -> None:
    def refuse(path: str) -> FileAt | None:
        raise TracksideError(f"{path} is a link")

    context = assemble(BRIEF, refuse, Context())
    assert {view.view for view in context.views} == {"missing"}
    assert "## shop.py (missing: it cannot be read: shop.py is a link)" in context.message
