"""The commands to one attempt: everything a Worker can be told."""

from events.action import Action, Outcome
from events.approval import Answer
from events.attempt_terms import Call, Onto, Result, Terms
from events.base import Command
from events.conversation import Usage, View
from events.ids import ApprovalId, CallId, CommitId, Digest, TreeId
from events.payload import Text


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
    confined: bool = True
    """Whether a command would be confined now; it may have been, when it was started."""


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
    altered: tuple[str, ...] = ()
    """Paths whose changes come out otherwise on the tip than in the ticket's own diff, which is
    what a person was shown; looked for only if one was asked."""


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
