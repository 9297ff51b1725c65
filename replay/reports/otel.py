"""A run as an OpenTelemetry trace, by the semantic conventions for generative AI.

Spans: the run (``invoke_workflow``), in it each attempt (``invoke_agent``), in it each model call
(``chat``), tool call (``execute_tool``), check, set-up and question to a person; QA's calls lie in
the attempt that they are about. Ids are digests of what a span is about, so the same run always
gives the same trace, and one that went on gives a trace that continues it. What was said is left
out: it is in the run, and may be nobody else's business.

The names are those of opentelemetry.io/docs/specs/semconv/gen-ai; what they have no name for
begins with ``trackside.``.
"""

from collections.abc import Iterable

from events.action import Outcome
from events.approval import ApprovalAnswered, ApprovalAsked, ApprovalVoided
from events.attempt_events import (
    AttemptRebound,
    AttemptStarted,
    CallBegun,
    CallFailed,
    CheckRan,
    ReplyRecorded,
    SetupRan,
    ToolFinished,
    ToolStarted,
)
from events.conversation import Usage
from events.fork_words import RunForked
from events.hint import HintAsked, HintGiven
from events.ids import AttemptId, StreamId
from events.journal import LogOpened
from events.run_events import (
    RunContinued,
    RunEnded,
    RunStarted,
    TicketAssigned,
    TicketBlocked,
    TicketCompleted,
    TicketRequeued,
)
from events.streams import RUN
from replay.records import attempt_in
from replay.reports.otlp import (
    CLIENT,
    ERROR,
    INTERNAL,
    OK,
    UNSET,
    Attributes,
    Json,
    Note,
    Span,
    document,
    earlier,
)
from store.log import Recorded

OPERATION = "gen_ai.operation.name"
CONVERSATION = "gen_ai.conversation.id"
PROVIDERS = {
    "gemini-": "gcp.gemini",
    "scripted:": "trackside.scripted",
    "recorded:": "trackside.recorded",
}
"""How the name of a model begins -> who serves it."""


def trace_of(records: Iterable[Recorded], program: str) -> Json:
    """Return the trace of a run, in OTLP's JSON; what is not over ends with the last record."""
    tracing = _Tracing()
    for recorded in records:
        tracing.take(recorded)
    return document(tracing.run, tracing.salt, program, tracing.spans())


class _Tracing:
    """A fold whose state is a table of spans."""

    def __init__(self) -> None:
        self.run = self.salt = ""
        self._spans: dict[str, Span] = {}
        self._open: dict[str, Span] = {}
        self._models: dict[AttemptId, str] = {}
        self._calls: dict[AttemptId, str] = {}
        """The model call of each attempt that was begun last."""
        self._last = ""

    def spans(self) -> list[Span]:
        for span in self._open.values():
            span.ended = self._last
        return list(self._spans.values())

    def take(self, recorded: Recorded) -> None:
        self._last = recorded.at
        attempt = attempt_in(recorded.stream)
        if isinstance(recorded.event, LogOpened):
            self.salt = self.salt or recorded.event.salt
        elif recorded.stream == RUN:
            self._take_run(recorded)
        elif attempt:
            self._take_attempt(recorded, attempt)
            self._take_tools(recorded, attempt)
            self._take_others(recorded, attempt)

    def _take_run(self, recorded: Recorded) -> None:
        at = recorded.at
        match recorded.event:
            case RunStarted(start=start):
                self.run, track = start.run, start.track.id
                facts: Attributes = {
                    OPERATION: "invoke_workflow", "gen_ai.workflow.name": track,
                    "trackside.tickets": start.tickets,
                }  # fmt: skip
                self._begin(RUN, "", f"invoke_workflow {track}", at, facts)
            case RunForked(run=run, origin=origin):
                self.run = run
                parent: Attributes = {"parent": origin.run, "position": origin.position}
                self._spans[RUN].notes.append(Note("trackside.forked", at, parent))
            case TicketAssigned():
                self._assign(recorded.event, at)
            case TicketCompleted(attempt=attempt, commit=commit):
                self._end(_of(attempt), at, OK, {"trackside.commit": commit})
            case TicketRequeued(attempt=attempt, result=result):
                self._end(_of(attempt), at, ERROR, words=result)
            case TicketBlocked(attempt=attempt, block=block) if attempt is not None:
                self._end(_of(attempt), at, ERROR, words=block.cause)
            case RunEnded(ending=ending):
                self._end(RUN, at, OK if ending == "completed" else ERROR, words=ending)
            case RunContinued():
                self._open[RUN] = self._spans[RUN]

    def _assign(self, event: TicketAssigned, at: str) -> None:
        self._models[event.attempt] = event.model
        facts: Attributes = {
            OPERATION: "invoke_agent", "gen_ai.agent.name": "worker",
            "gen_ai.agent.id": event.attempt, CONVERSATION: event.attempt,
            "trackside.ticket.id": event.ticket, "trackside.attempt.number": event.number,
        }  # fmt: skip
        asked = _asked(event.model)
        self._begin(_of(event.attempt), RUN, f"invoke_agent {event.ticket}", at, facts | asked)

    def _take_attempt(self, recorded: Recorded, attempt: AttemptId) -> None:
        event, at = recorded.event, recorded.at
        match event:
            case AttemptStarted(terms=terms) | AttemptRebound(terms=terms):
                self._models[attempt] = terms.model
            case CallBegun(turn=turn):
                model = self._models[attempt]
                self._calls[attempt] = about = f"{_of(attempt)}/call/{recorded.position}"
                facts: Attributes = {
                    OPERATION: "chat", CONVERSATION: attempt, "trackside.tier": 3,
                    "trackside.turn": turn,
                }  # fmt: skip
                self._begin(about, _of(attempt), f"chat {model}", at, facts | _asked(model), CLIENT)
            case ReplyRecorded():
                reasons = ["tool_calls" if event.calls else "stop"]
                said: Attributes = {
                    "gen_ai.response.model": event.served_by,
                    "gen_ai.response.finish_reasons": reasons,
                    "trackside.cost.usd": event.usd,
                }
                self._end(self._calls.get(attempt, ""), at, OK, said | _used(event.usage))
            case CallFailed(kind=kind, usage=usage):
                self._end(self._calls.get(attempt, ""), at, ERROR, _used(usage), words=kind)

    def _take_tools(self, recorded: Recorded, attempt: AttemptId) -> None:
        event, at, parent = recorded.event, recorded.at, _of(attempt)
        match event:
            case ToolStarted(call=call, action=action):
                facts: Attributes = {
                    OPERATION: "execute_tool", "gen_ai.tool.name": action.tool,
                    "gen_ai.tool.call.id": call, "gen_ai.tool.type": "function",
                    "trackside.allowed_by": event.allowed_by,
                }  # fmt: skip
                self._begin(
                    f"{parent}/tool/{call}", parent, f"execute_tool {action.tool}", at, facts
                )
            case ToolFinished(call=call, outcome=outcome):
                self._end(f"{parent}/tool/{call}", at, *_ended(outcome))
            case CheckRan(outcome=outcome) | SetupRan(outcome=outcome):
                name = "check" if isinstance(event, CheckRan) else "setup"
                about = f"{parent}/{name}/{recorded.position}"
                self._begin(about, parent, name, earlier(at, outcome.duration_s), {})
                self._end(about, at, *_ended(outcome))

    def _take_others(self, recorded: Recorded, attempt: AttemptId) -> None:
        event, at, stream, parent = recorded.event, recorded.at, recorded.stream, _of(attempt)
        match event:
            case HintAsked(failure=failure):
                facts: Attributes = {
                    OPERATION: "chat", "trackside.tier": 4, "trackside.about": failure.call,
                }  # fmt: skip
                self._begin(stream, parent, "chat", at, facts, CLIENT)
            case HintGiven():
                self._hint(stream, event, at)
            case ApprovalAsked(question=question):
                facts = {
                    "trackside.approval.id": question.approval,
                    "trackside.action": question.action.kind,
                    "gen_ai.tool.name": question.action.tool,
                }
                self._begin(stream, parent, "approval", at, facts)
            case ApprovalAnswered(answer=answer):
                self._end(stream, at, OK, {"trackside.verdict": answer.verdict})
            case ApprovalVoided():
                self._end(stream, at, UNSET, {"trackside.verdict": "void"})

    def _hint(self, stream: StreamId, event: HintGiven, at: str) -> None:
        span = self._spans[stream]
        if event.model:
            span.name = f"chat {event.model}"
            span.attributes |= _asked(event.model)
        failed = event.source == "extract"
        self._end(stream, at, ERROR if failed else OK, _used(event.usage), words=event.problem)

    def _begin(
        self,
        about: str,
        parent: str,
        name: str,
        at: str,
        attributes: Attributes,
        kind: int = INTERNAL,
    ) -> None:
        span = Span(
            about=about, parent=parent, name=name, kind=kind, began=at, attributes=attributes
        )
        self._spans[about] = self._open[about] = span

    def _end(
        self,
        about: str,
        at: str,
        status: int,
        attributes: Attributes | None = None,
        words: str = "",
    ) -> None:
        span = self._open.pop(about, None)
        if span is None:  # refused before it began, or said by a person
            return
        span.ended, span.status = at, status
        span.attributes |= attributes or {}
        if status == ERROR:
            span.words = words
            span.attributes["error.type"] = words or "failed"


def _of(attempt: AttemptId) -> str:
    return f"attempt/{attempt}"


def _asked(model: str) -> Attributes:
    provider = next((who for start, who in PROVIDERS.items() if model.startswith(start)), "")
    return {"gen_ai.provider.name": provider, "gen_ai.request.model": model}


def _used(usage: Usage) -> Attributes:
    """Return the tokens; those of thought are part of the output, as they are paid for."""
    return {
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output + usage.thinking,
        "trackside.usage.cached_tokens": usage.cached,
        "trackside.usage.thinking_tokens": usage.thinking,
    }


def _ended(outcome: Outcome) -> tuple[int, Attributes, str]:
    facts: Attributes = {
        "process.exit.code": outcome.exit_code,
        "trackside.duration_s": outcome.duration_s,
    }
    words = "timeout" if outcome.timed_out else "failed"
    return (OK, facts, "") if outcome.ok else (ERROR, facts, words)
