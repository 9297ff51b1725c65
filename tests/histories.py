"""Typical words of an attempt and of a run, so that a test spells out only what it is about."""

from collections.abc import Iterable
from typing import Any

from events.action import Action, Outcome
from events.approval import Answer
from events.attempt_commands import (
    BeginCall,
    RecordAnswer,
    RecordContext,
    RecordReply,
    RecordToolResult,
    RequestTool,
    StartAttempt,
    TakeHint,
)
from events.attempt_terms import Call, Terms
from events.fork_words import Changes, ForkRun, Origin
from events.ids import (
    ApprovalId,
    AttemptId,
    CallId,
    CommitId,
    Digest,
    RunId,
    TicketId,
    TreeId,
    attempt_id,
)
from events.policy import PRESETS, Policy, Rule
from events.run_commands import StartRun
from events.run_terms import Start
from events.settings import Limits, Settings
from events.ticket import Ticket
from events.track import TrackSpec

T1 = TicketId("T1")
ATTEMPT = AttemptId("T1.1")
C1, C2 = CallId("c1"), CallId("c2")

GREEN = Outcome(ok=True, text="fine", output="all of it", exit_code=0)
RED = Outcome(ok=False, output="Error: 1 != 2", exit_code=1, command="pytest", failing=True)

ASK_TOOLS = Policy("tools ask", (
    Rule(verdict="ask", kind=("tool", "in_doubt")),
    Rule(verdict="allow"),
))  # fmt: skip
ASK_SPAWN = Policy("spawns ask", (Rule(verdict="ask", kind=("spawn",)), Rule(verdict="allow")))
ASK_MERGE = Policy("merges ask", (Rule(verdict="ask", kind=("merge",)), Rule(verdict="allow")))


def denying(kind: Any) -> Policy:  # noqa: ANN401 - one of the kinds of an action
    """Return a policy that denies one kind of action and allows the others."""
    return Policy(
        "denials", (Rule(verdict="deny", kind=(kind,), reason="no"), Rule(verdict="allow"))
    )


def tree(number: int) -> TreeId:
    """Return a made-up tree id."""
    return TreeId(f"{number:040x}")


def commit(number: int) -> CommitId:
    """Return a made-up commit id."""
    return CommitId(f"c{number:039x}")


def digest(word: str) -> Digest:
    """Return a made-up digest."""
    return Digest(word.ljust(64, "0"))


def ticket(name: str = "T1", *depends_on: str, **fields: Any) -> Ticket:  # noqa: ANN401 - any
    """Return a ticket that begins its life."""
    needs = tuple(map(TicketId, depends_on))
    return Ticket(id=TicketId(name), description=f"do {name}", depends_on=needs, **fields)


def terms(name: str = "T1", number: int = 1, **fields: Any) -> Terms:  # noqa: ANN401 - any field
    """Return the terms of an attempt that may do all that is confined, and has a check."""
    given: dict[str, Any] = {
        "ticket": ticket(name),
        "model": "gemini-2.5-flash-lite",
        "base": commit(0),
        "base_tree": tree(0),
        "check": "make test",
        "policy": PRESETS["auto"],
    }
    return Terms(attempt=attempt_id(TicketId(name), number), number=number, **{**given, **fields})


CONTEXT = RecordContext(
    "you are a worker", "mend the till", ("write_file", "run_command", "finish"), (), digest("ctx")
)
BEGIN = BeginCall(digest("prompt"), estimate=100, elapsed_s=1.0)


def started(**fields: Any) -> StartAttempt:  # noqa: ANN401 - any field of the terms
    """Return the start of an attempt under these terms."""
    return StartAttempt(terms(**fields))


def limited(**fields: Any) -> StartAttempt:  # noqa: ANN401 - any field of the limits
    """Return the start of an attempt under these limits."""
    return started(limits=Limits(**fields))


def says(*tools: str, text: str = "") -> RecordReply:
    """Return an answer of the model: text, and calls of these tools."""
    calls = tuple(Call(CallId(""), tool, "{}") for tool in tools)
    return RecordReply(text, calls, opening=text[:400])


def write(word: str = "write", **fields: Any) -> Action:  # noqa: ANN401 - any field of the action
    """Return the edit of a file, as a gate sees it."""
    given: dict[str, Any] = {"paths": ("till.py",), "digest": digest(word)}
    return Action(kind="tool", tool="write_file", effect="write", **{**given, **fields})


def shell(command: str = "pytest", **fields: Any) -> Action:  # noqa: ANN401 - any field
    """Return a command, as a gate sees it."""
    return Action(kind="tool", tool="run_command", effect="command", command=command, **fields)


def wants(call: str = "c1", action: Action | None = None, words: str = "") -> RequestTool:
    """Return the wish to run a call; without an action, an edit."""
    return RequestTool(CallId(call), action or write(), words=words)


def finishes(call: str = "c1", words: str = "done") -> RequestTool:
    """Return the wish to finish."""
    return wants(call, Action(kind="tool", tool="finish"), words)


def ran(call: str = "c1", outcome: Outcome = GREEN, leaves: int = 1) -> RecordToolResult:
    """Return what a tool did, and the tree it left."""
    return RecordToolResult(CallId(call), outcome, tree(leaves))


def hinted(call: str = "c1", words: str = "one is not two") -> TakeHint:
    """Return QA's word."""
    return TakeHint(CallId(call), words)


def answered(approval: str, verdict: Any = "approved", **fields: Any) -> RecordAnswer:  # noqa: ANN401
    """Return Ann's word on a question."""
    return RecordAnswer(ApprovalId(approval), Answer(verdict=verdict, by="ann", **fields))


def start(plan: Iterable[Ticket], /, **fields: Any) -> Start:  # noqa: ANN401 - any field
    """Return what a run of these tickets is about."""
    plan = tuple(plan)
    given: dict[str, Any] = {
        "settings": Settings(workers=2),
        "policy": PRESETS["auto"],
        "track": TrackSpec(id="shop", title="Shop", check="make test", tickets=()),
        "tickets": len(plan),
    }
    return Start(
        run=RunId("r1"),
        base=commit(0),
        base_tree=tree(0),
        repository="/shop",
        **{**given, **fields},
    )


def begins(*tickets: Ticket, **fields: Any) -> StartRun:  # noqa: ANN401 - any field of the start
    """Return the start of a run of `tickets`, all at once."""
    return StartRun(start(tickets, **fields), tickets)


def forks(**changes: Any) -> ForkRun:  # noqa: ANN401 - any of the changes
    """Return the wish to make a run the past of another one, r2."""
    origin = Origin(run=RunId("r1"), position=7, sum="5" * 32)
    return ForkRun(run=RunId("r2"), origin=origin, changes=Changes(**changes), program="2")
