"""What a page shows of one event when it is opened: blocks, which the page knows how to draw.

======== ==========================================================================================
kind     what follows
======== ==========================================================================================
facts    a list of pairs of words
prose    a title, and a text that flows
code     a title, and a text in which every space counts
diff     a title, and a unified diff
call     a title, pairs of words, and a list of pairs of a word and a text
prompt   a title, the row of an attempt, and a turn: all that the model was sent for it
======== ==========================================================================================
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from events.action import Action, Outcome
from events.approval import Answer, ApprovalAnswered, ApprovalAsked, Question
from events.attempt_events import (
    AnswerTaken,
    AttemptEnded,
    AttemptStarted,
    CallBegun,
    CallFailed,
    CheckRan,
    ContextAssembled,
    HintTaken,
    ReplyRecorded,
    SetupRan,
    ToolFinished,
    ToolGated,
    ToolStarted,
    WorkFinished,
)
from events.attempt_terms import Terms
from events.base import Event, UnknownEvent
from events.conversation import Prompt, Usage, View
from events.fork_words import RunForked
from events.hint import HintAsked, HintGiven
from events.payload import Text
from events.run_events import (
    RunStarted,
    TicketBlocked,
    TicketCompleted,
    TicketRequeued,
    TicketsPlanned,
)
from replay.prompt_text import prompt_text
from replay.reports.pool import Pool
from store.errors import DamageError

SHORT_CHARS = 160
"""An argument of a call that is not longer stands in one line with its name."""

Block = list[Any]
Pair = tuple[str, str]


class Book:
    """Turns events into blocks, and their texts into rows of a pool."""

    def __init__(self, pool: Pool, read: Callable[[Text], str]) -> None:
        """Put texts into `pool`; `read` finds those that are kept beside the log."""
        self.pool = pool
        self._read = read

    def text(self, text: Text) -> str:
        """Return a text; of one that is lost, why."""
        try:
            return self._read(text)
        except DamageError as error:
            return f"[{error}]"

    def keep(self, text: Text) -> int:
        """Return the row of a text."""
        return self.pool.add(self.text(text))

    def json(self, value: object) -> int:
        """Return the row of a value as indented JSON."""
        return self.pool.add(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())

    def blocks(self, event: Event, attempt: int) -> Iterator[Block]:
        """Give the blocks of an event of the attempt in that row; every event has its record."""
        yield from self._worker(event, attempt)
        yield from self._others(event)
        if isinstance(event, UnknownEvent):
            yield ["code", "Record", self.pool.add(event.original)]
        else:
            yield ["code", "Record", self.json(event)]

    def _worker(self, event: Event, attempt: int) -> Iterator[Block]:
        match event:
            case AttemptStarted(terms=terms):
                yield from self._terms(terms)
            case ContextAssembled():
                yield from self._context(event)
            case CallBegun(turn=turn, number=number, estimate=estimate, prompt=prompt):
                yield _facts(("turn", turn), ("call", number), ("about", f"{estimate:,} tokens"),
                             ("digest", prompt))  # fmt: skip
                yield ["prompt", "Prompt", attempt, turn]
            case ReplyRecorded():
                yield from self._reply(event)
            case CallFailed(kind=kind, message=message, delay_s=delay_s):
                again = f"after {delay_s:g} s" if delay_s else ""
                yield _facts(("kind", kind), ("asked again", again))
                yield ["prose", "Message", self.pool.add(message)]
            case ToolGated(action=action, rule=rule):
                yield _facts(*_action(action), ("rule", rule))
            case AnswerTaken(answer=answer):
                yield from self._answer(answer)
            case ToolStarted():
                yield _facts(*_action(event.action), ("allowed by", event.allowed_by),
                             ("tree before", event.tree))  # fmt: skip
                if event.arguments is not None:
                    yield self._call("Arguments, edited by a person", event.arguments)
            case ToolFinished(outcome=outcome, refused=refused):
                yield from self._outcome(outcome, refused=refused)
            case SetupRan(outcome=outcome) | CheckRan(outcome=outcome):
                yield from self._outcome(outcome)
            case HintTaken(words=words):
                yield ["prose", "Hint", self.pool.add(words)]
            case WorkFinished(summary=summary) if summary:
                yield ["prose", "Summary", self.keep(summary)]
            case AttemptEnded(result=result, reason=reason, lesson=lesson):
                yield _facts(("result", result))
                yield ["prose", "Reason", self.pool.add(reason)]
                if lesson:
                    yield ["prose", "Lesson for the next attempt", self.pool.add(lesson)]

    def _others(self, event: Event) -> Iterator[Block]:
        match event:
            case HintAsked(failure=failure):
                yield from self._outcome(failure.outcome)
            case HintGiven():
                yield from self._hint(event)
            case ApprovalAsked(question=question):
                yield from self._question(question)
            case ApprovalAnswered(answer=answer):
                yield from self._answer(answer)
            case RunStarted(start=start):
                yield _facts(
                    ("track", start.track.id), ("tickets", start.tickets), ("base", start.base),
                    ("repository", start.repository), ("policy", start.policy.name),
                    ("models", ", ".join(start.settings.models.ladder)),
                )  # fmt: skip
                yield ["code", "Settings", self.json(start.settings)]
                yield ["code", "Policy", self.json(start.policy)]
            case TicketsPlanned(tickets=tickets):
                yield _facts(("tickets", ", ".join(ticket.id for ticket in tickets)))
            case TicketBlocked(block=block) if block.reason:
                yield ["prose", "Reason", self.keep(block.reason)]
            case TicketRequeued(result=result, reason=reason, lesson=lesson):
                yield _facts(("result", result))
                yield ["prose", "Reason", self.keep(reason)]
                if lesson:
                    yield ["prose", "Lesson for the next attempt", self.keep(lesson)]
            case TicketCompleted(commit=commit, tree=tree, usage=usage):
                yield _facts(("commit", commit), ("tree", tree), *_usage(usage))
            case RunForked(origin=origin):
                yield _facts(("parent", origin.run), ("position", origin.position),
                             ("its log up to there", origin.sum))  # fmt: skip

    def _terms(self, terms: Terms) -> Iterator[Block]:
        yield _facts(
            ("model", terms.model), ("attempt", terms.number), ("check", terms.check),
            ("setup", terms.setup), ("policy", terms.policy.name), ("base", terms.base),
            ("turns at most", terms.limits.turns), ("step mode", "yes" if terms.step else ""),
        )  # fmt: skip
        if terms.lesson:
            yield ["prose", "Lesson from the attempt before", self.keep(terms.lesson)]

    def _context(self, event: ContextAssembled) -> Iterator[Block]:
        yield _facts(
            ("tools", ", ".join(event.tools)),
            *((view.path, _view(view)) for view in event.views),
        )
        yield ["code", "First message", self.keep(event.message)]
        yield ["code", "System text", self.keep(event.system)]

    def _reply(self, event: ReplyRecorded) -> Iterator[Block]:
        yield _facts(
            ("turn", event.turn), ("answered by", event.served_by), *_usage(event.usage),
            ("after", f"{event.latency_s:.1f} s" if event.latency_s else ""),
        )  # fmt: skip
        if event.text:
            yield ["prose", "Reply", self.keep(event.text)]
        for call in event.calls:
            yield self._call(f"{call.call} {call.tool}", call.arguments)

    def _call(self, title: str, arguments: Text) -> Block:
        """Return the arguments of a call: short ones as words, others as texts of their own."""
        text = self.text(arguments)
        try:
            given = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            given = None
        if not isinstance(given, dict):
            return ["call", title, [], [["arguments", self.pool.add(text)]]]
        said = {
            name: value if isinstance(value, str) else _json(value) for name, value in given.items()
        }
        short = [(name, value) for name, value in said.items() if _is_short(value)]
        long = [
            [name, self.pool.add(value)] for name, value in said.items() if not _is_short(value)
        ]
        return ["call", title, short, long]

    def _outcome(self, outcome: Outcome, *, refused: bool = False) -> Iterator[Block]:
        ended = (
            ("exit code", outcome.exit_code), ("signal", outcome.signal),
            ("timed out", "yes" if outcome.timed_out else ""), ("finding", outcome.finding),
        )  # fmt: skip
        yield _facts(
            ("result", "refused" if refused else "ok" if outcome.ok else "failed"),
            ("command", outcome.command), *ended,
            ("took", f"{outcome.duration_s:.2f} s" if outcome.duration_s else ""),
        )  # fmt: skip
        if outcome.text:
            yield ["code", "What the model was told", self.keep(outcome.text)]
        if outcome.output and outcome.output != outcome.text:
            yield ["code", "Whole output", self.keep(outcome.output)]

    def _hint(self, event: HintGiven) -> Iterator[Block]:
        yield ["prose", "Hint", self.pool.add(event.words)]
        yield _facts(
            ("by", event.model or event.source), ("problem", event.problem), *_usage(event.usage)
        )
        if event.prompt:
            yield ["code", "Prompt", self._prompt(event.prompt)]
        if event.reply:
            yield ["code", "Reply", self.keep(event.reply)]

    def _prompt(self, prompt: Text) -> int:
        try:
            return self.pool.add(prompt_text(msgspec.json.decode(self.text(prompt), type=Prompt)))
        except msgspec.DecodeError:
            return self.keep(prompt)

    def _question(self, question: Question) -> Iterator[Block]:
        yield _facts(*_action(question.action), ("rule", question.rule))
        if question.preview:
            kind = "diff" if question.action.effect == "write" else "code"
            yield [kind, "What would happen", self.keep(question.preview)]
        if question.arguments:
            yield self._call("Arguments", question.arguments)

    def _answer(self, answer: Answer) -> Iterator[Block]:
        yield _facts(("answer", answer.verdict), ("by", answer.by), ("via", answer.via))
        if answer.reason:
            yield ["prose", "Reason", self.pool.add(answer.reason)]
        if answer.arguments is not None:
            yield self._call("Arguments, edited", answer.arguments)


def _facts(*pairs: tuple[str, object]) -> Block:
    """Return the pairs that say something."""
    return ["facts", [(name, str(value)) for name, value in pairs if value not in {None, ""}]]


def _view(view: View) -> str:
    note = f", {view.note}" if view.note else ""
    return f"{view.view}, {view.tokens:,} of {view.original_tokens:,} tokens{note}"


def _is_short(value: str) -> bool:
    return len(value) <= SHORT_CHARS and "\n" not in value


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _usage(usage: Usage) -> Iterator[Pair]:
    if usage.total:
        yield "tokens in", f"{usage.input:,} ({usage.cached:,} cached)"
        yield "tokens out", f"{usage.output:,} and {usage.thinking:,} of thought"


def _action(action: Action) -> Iterator[Pair]:
    yield "action", action.tool or action.kind
    if action.command:
        yield "command", action.command
    if action.paths:
        yield "paths", ", ".join(action.paths)
    if not action.confined:
        yield "confined", "no: it can reach beyond the worktree"
