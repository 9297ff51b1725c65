"""The commands and events of one attempt: everything a Worker can be told and can say."""

from typing import Literal

import msgspec

from events.action import Action, Outcome
from events.approval import Answer
from events.base import Command, Event
from events.conversation import Usage, View
from events.ids import ApprovalId, AttemptId, CallId, CommitId, Digest, TreeId
from events.payload import Text
from events.policy import Amendment, Expiry, Policy
from events.settings import Archetype, Limits
from events.ticket import Ticket

Result = Literal["completed", "failed", "gave_up", "stuck", "budget", "rejected", "cancelled"]


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an attempt is about and what binds it; fixed when it starts."""

    attempt: AttemptId
    number: int
    """1, 2, ... within the ticket."""
    ticket: Ticket
    model: str
    base: CommitId
    """The run's tip when the attempt was assigned."""
    base_tree: TreeId
    title: str = ""
    goal: Text = ""
    """The description of the track."""
    setup: str = ""
    check: str = ""
    lesson: Text = ""
    """What the attempt before hands over."""
    limits: Limits = Limits()
    raw_max_tokens: int = 8000
    max_output_tokens: int = 8192
    policy: Policy
    amendments: tuple[Amendment, ...] = ()
    """What earlier attempts at the ticket were allowed for the rest of it."""
    archetype: Archetype = Archetype()
    fallback: str = ""
    """The model to go on with when the day's quota of `model` is used up; empty: none."""
    budgeted: bool = False
    """Whether each model call needs leave to spend."""

    @property
    def step(self) -> bool:
        """Whether every effect asks at the gate, whatever the policy allows."""
        return self.ticket.step_mode or self.archetype.trust == "step"


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool call that the model asked for, as it is kept on record."""

    call: CallId
    tool: str
    arguments: Text
    native_id: str = ""


class Onto(msgspec.Struct, frozen=True):
    """Where a merge goes."""

    commit: CommitId
    tree: TreeId
    at_s: int
    """The commit's date: seconds since 1970, taken down once, so that a merge done again after a
    crash makes the same commit."""
    position: int = 0
    """How far the log had come: the history behind the commit ends there."""


class StartAttempt(Command, frozen=True, tag="attempt.start"):
    """Begin, under these terms."""

    terms: Terms


class RecordContext(Command, frozen=True, tag="attempt.record_context"):
    """Take down the clean context that was assembled from the base tree."""

    system: Text
    message: Text
    tools: tuple[str, ...]
    views: tuple[View, ...]
    digest: Digest
    """sha256 over system and message: what an approval of the spawn is bound to."""


class RecordSetup(Command, frozen=True, tag="attempt.record_setup"):
    """Take down what the setup command did in the new worktree."""

    outcome: Outcome
    tree: TreeId


class ReportWorktreeLost(Command, frozen=True, tag="attempt.report_worktree_lost"):
    """Say that the worktree had to be made anew: what git ignores in it is gone."""


class BeginCall(Command, frozen=True, tag="attempt.begin_call"):
    """Ask for leave to call the model with this prompt."""

    prompt: Digest
    estimate: int
    """Tokens of input that the prompt is likely to cost."""
    elapsed_s: float
    """Seconds that this process has worked on the attempt."""


class RecordReply(Command, frozen=True, tag="attempt.record_reply"):
    """Take down a whole answer of the model."""

    text: Text
    calls: tuple[Call, ...] = ()
    """Their ids are given by the rules; what stands here is ignored."""
    native: Text = ""
    served_by: str = ""
    usage: Usage = Usage()
    latency_s: float = 0.0
    usd: float | None = None
    """What the call cost by the prices of the day; None: nobody knows."""
    opening: str = ""
    """The first 400 characters of the text, enough to see a ``BLOCKED`` and why."""


class RecordCallFailure(Command, frozen=True, tag="attempt.record_call_failure"):
    """Take down that a model call came to nothing."""

    kind: str
    message: str
    retryable: bool
    retry_after_s: float | None = None
    usage: Usage = Usage()
    """What it cost all the same."""
    usd: float | None = None


class RequestTool(Command, frozen=True, tag="attempt.request_tool"):
    """Ask for leave to run the next tool call, validated; or say why it is not valid."""

    call: CallId
    action: Action | None
    refusal: str = ""
    """Why the call is not valid, in words for the model, if there is no action."""
    words: str = ""
    """The summary of a ``finish``, the reason of a ``give_up``."""


class RecordToolResult(Command, frozen=True, tag="attempt.record_tool_result"):
    """Take down what a tool did."""

    call: CallId
    outcome: Outcome
    tree: TreeId


class ReviewDoubt(Command, frozen=True, tag="attempt.review_doubt"):
    """Say that a tool call was started and its end is not on record."""

    call: CallId


class RecordAnswer(Command, frozen=True, tag="attempt.record_answer"):
    """Take down a person's answer."""

    approval: ApprovalId
    answer: Answer


class TakeHint(Command, frozen=True, tag="attempt.take_hint"):
    """Take QA's word on the failure that was put to it."""

    call: CallId
    words: str
    usage: Usage = Usage()
    usd: float | None = None


class RecordCheck(Command, frozen=True, tag="attempt.record_check"):
    """Take down what the check did."""

    outcome: Outcome


class BeginMerge(Command, frozen=True, tag="attempt.begin_merge"):
    """Merge now: it is this attempt's turn."""

    onto: Onto


class RecordMerge(Command, frozen=True, tag="attempt.record_merge"):
    """Take down the merged tree, or the paths in conflict."""

    tree: TreeId | None
    conflicts: tuple[str, ...] = ()


class RecordCommit(Command, frozen=True, tag="attempt.record_commit"):
    """Take down the one commit of the ticket."""

    commit: CommitId


class RebindAttempt(Command, frozen=True, tag="attempt.rebind"):
    """Go on from here under other terms: another model, another policy."""

    terms: Terms


class EndAttempt(Command, frozen=True, tag="attempt.end"):
    """Stop for a reason that lies outside the attempt."""

    result: Result
    reason: str


AttemptCommand = (
    StartAttempt
    | RecordContext
    | RecordSetup
    | ReportWorktreeLost
    | BeginCall
    | RecordReply
    | RecordCallFailure
    | RequestTool
    | RecordToolResult
    | ReviewDoubt
    | RecordAnswer
    | TakeHint
    | RecordCheck
    | BeginMerge
    | RecordMerge
    | RecordCommit
    | RebindAttempt
    | EndAttempt
)


class AttemptStarted(Event, frozen=True, tag="attempt.started"):
    """A worker has the ticket."""

    terms: Terms


class ContextAssembled(Event, frozen=True, tag="attempt.context_assembled"):
    """The worker's first words to the model are fixed."""

    system: Text
    message: Text
    tools: tuple[str, ...]
    views: tuple[View, ...]
    digest: Digest


class SetupRan(Event, frozen=True, tag="attempt.setup_ran"):
    """The worktree is set up, or could not be."""

    outcome: Outcome
    tree: TreeId


class WorktreeLost(Event, frozen=True, tag="attempt.worktree_lost"):
    """The worktree was made anew, so its setup is due again."""


class CallBegun(Event, frozen=True, tag="attempt.call_begun"):
    """A model call may be out: its cost must be reckoned with."""

    turn: int
    number: int
    """1, 2, ... over all model calls of the attempt, failed ones included."""
    prompt: Digest
    estimate: int
    model: str = ""
    """Which is asked: that of the terms, or the fallback."""


class ReplyRecorded(Event, frozen=True, tag="attempt.replied"):
    """The model has answered."""

    turn: int
    text: Text
    calls: tuple[Call, ...] = ()
    native: Text = ""
    served_by: str = ""
    usage: Usage = Usage()
    latency_s: float = 0.0
    usd: float | None = None


class CallFailed(Event, frozen=True, tag="attempt.call_failed"):
    """A model call came to nothing; if the attempt goes on, the next one waits `delay_s`."""

    kind: str
    message: str
    delay_s: float = 0.0
    usage: Usage = Usage()
    usd: float | None = None
    holds: bool = False
    """Whether no attempt can cure it, so that the run holds until a person has acted."""


class ToolGated(Event, frozen=True, tag="attempt.gated"):
    """An action waits for a person."""

    approval: ApprovalId
    action: Action
    call: CallId = CallId("")
    rule: str = ""
    expiry: Expiry | None = None


class AnswerTaken(Event, frozen=True, tag="attempt.answered"):
    """A person's answer has arrived."""

    approval: ApprovalId
    answer: Answer


class PermitVoided(Event, frozen=True, tag="attempt.permit_voided"):
    """The action is no longer the one that was approved."""

    approval: ApprovalId
    expected: Digest
    found: Digest


class ToolStarted(Event, frozen=True, tag="attempt.tool_started"):
    """The intent: the tool may have run from here on. The worktree is at `tree`."""

    call: CallId
    action: Action
    tree: TreeId
    allowed_by: str
    """The policy's rule, or the approval's id."""
    arguments: Text | None = None
    """What runs instead of the model's arguments, if a person edited them."""


class ToolFinished(Event, frozen=True, tag="attempt.tool_finished"):
    """The result of a tool call that ran, or the words with which it was refused."""

    call: CallId
    outcome: Outcome
    tree: TreeId
    refused: bool = False
    note: str = ""
    """What trackside adds to the result, for the model."""


class ToolDoubted(Event, frozen=True, tag="attempt.tool_doubted"):
    """A tool call was cut short by a crash; it will run again from the tree before it."""

    call: CallId


class WorkFinished(Event, frozen=True, tag="attempt.work_finished"):
    """The model says that it is done: by calling ``finish``, or with text alone."""

    summary: Text = ""


class HintTaken(Event, frozen=True, tag="attempt.hinted"):
    """The worker has QA's hint in place of the raw output."""

    call: CallId
    words: str
    usage: Usage = Usage()
    """What QA's model took."""
    usd: float | None = None


class CheckRan(Event, frozen=True, tag="attempt.check_ran"):
    """The check was run on the attempt's tree, or on the merged one."""

    outcome: Outcome
    merged: bool = False


class AttemptSubmitted(Event, frozen=True, tag="attempt.submitted"):
    """The worker's part is done: `tree` asks to be merged."""

    tree: TreeId


class MergeBegun(Event, frozen=True, tag="attempt.merge_begun"):
    """It is this attempt's turn to be merged."""

    onto: Onto


class TreeMerged(Event, frozen=True, tag="attempt.merged"):
    """The three-way merge gave a tree."""

    tree: TreeId
    recheck: bool = False
    """Whether the check has to run again, because the tip has moved."""


class CommitMade(Event, frozen=True, tag="attempt.committed"):
    """The commit of the ticket exists in the run's repository."""

    commit: CommitId


class AttemptRebound(Event, frozen=True, tag="attempt.rebound"):
    """From here on these terms bind the attempt; a model call that was out is asked anew."""

    terms: Terms


class AttemptEnded(Event, frozen=True, tag="attempt.ended"):
    """The attempt is over."""

    result: Result
    reason: str
    lesson: str = ""


AttemptEvent = (
    AttemptStarted
    | ContextAssembled
    | SetupRan
    | WorktreeLost
    | CallBegun
    | ReplyRecorded
    | CallFailed
    | ToolGated
    | AnswerTaken
    | PermitVoided
    | ToolStarted
    | ToolFinished
    | ToolDoubted
    | WorkFinished
    | HintTaken
    | CheckRan
    | AttemptSubmitted
    | MergeBegun
    | TreeMerged
    | CommitMade
    | AttemptRebound
    | AttemptEnded
)
