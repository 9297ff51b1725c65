"""What can go wrong when a model is asked, and whose turn it then is.

TracksideError
+-- ModelError                  one try at one call failed
|   +-- retryable, the world:
|   |   +-- RateLimitError      too many requests for now (a limit per minute)
|   |   +-- UnavailableError    the server is down, or the connection broke, also mid-stream
|   |   +-- ModelTimeoutError   no whole answer within the total or the idle deadline
|   |   +-- MalformedError      the answer cannot be used: no end, no content, a broken call
|   |   +-- TruncatedError      the answer stopped at the limit of tokens
|   +-- not retryable, the operator:
|       +-- QuotaError          the day's quota is used up
|       +-- BlockedError        the provider refuses the prompt or the answer
|       +-- BadRequestError     the provider does not understand what was sent
|       +-- AuthError           no key, or one that is refused
|       +-- UnknownModelError   nobody serves this name
|       +-- ScriptError         the playbook has no answer here, or does not fit the prompt
|       +-- RecordingEndedError the recording has no answer here
+-- ProblemsError
    +-- PlaybookInvalidError    a playbook cannot be used: all its problems
    +-- PricesInvalidError      a file of prices cannot be used, likewise
"""

from typing import ClassVar, Literal

from events.conversation import Usage
from events.errors import ProblemsError, TracksideError

Kind = Literal[
    "rate_limit", "quota", "unavailable", "timeout", "malformed", "blocked", "truncated",
    "bad_request", "auth", "unknown_model", "script", "recording",
]  # fmt: skip


class ModelError(TracksideError):
    """One try at one call failed; whether there is another try is for the rules to decide."""

    kind: ClassVar[Kind]
    """A word for the log: it is a promise to logs that are already written."""
    retryable: ClassVar[bool] = False
    """Whether the same prompt may have more luck later."""

    def __init__(
        self,
        message: str,
        *,
        model: str = "",
        retry_after_s: float | None = None,
        usage: Usage | None = None,
    ) -> None:
        """Keep the facts; `message` is one line without secrets."""
        self.model = model
        self.retry_after_s = retry_after_s
        """Seconds that the server asks to wait, if it said so."""
        self.usage = usage or Usage()
        """What the failed try cost, as far as the provider counted it."""
        super().__init__(message)


class RateLimitError(ModelError):
    kind = "rate_limit"
    retryable = True


class UnavailableError(ModelError):
    kind = "unavailable"
    retryable = True


class ModelTimeoutError(ModelError):
    kind = "timeout"
    retryable = True


class MalformedError(ModelError):
    kind = "malformed"
    retryable = True


class TruncatedError(ModelError):
    kind = "truncated"
    retryable = True


class QuotaError(ModelError):
    kind = "quota"


class BlockedError(ModelError):
    kind = "blocked"


class BadRequestError(ModelError):
    kind = "bad_request"


class AuthError(ModelError):
    kind = "auth"


class UnknownModelError(ModelError):
    kind = "unknown_model"


class ScriptError(ModelError):
    kind = "script"


class RecordingEndedError(ModelError):
    kind = "recording"


class PlaybookInvalidError(ProblemsError):
    """The playbook cannot be used as it stands."""


class PricesInvalidError(ProblemsError):
    """The file of prices cannot be used as it stands."""
