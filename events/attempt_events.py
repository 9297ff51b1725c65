"""The events of one attempt: everything a Worker can say."""

from events.action import Action, Outcome
from events.approval import Answer
from events.attempt_terms import Call, Onto, Result, Terms
from events.base import Event
from events.conversation import Usage, View
from events.ids import ApprovalId, CallId, CommitId, Digest, TreeId
from events.payload import Text
from events.policy import Expiry


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
