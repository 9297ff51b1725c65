"""What the door refuses.

    events.errors.TracksideError
    +-- BudgetInvalidError              a limit that cannot be set so
    |   +-- BudgetInForceError          it is as high already
    +-- CacheUnusableError              there is no place for worktrees
    +-- ExtraMissingError               an optional part of trackside is not installed
    +-- InputUnreadableError            a file that was named cannot be read
    +-- NoRepositoryError               there is no repository around here, and no runs
    +-- NoTerminalError                 nobody is there to press keys
    +-- OptionInvalidError              the value of an option makes no sense
    +-- OutputUnwritableError           nothing can be written where an option says
    +-- NothingToRecoverError           the log of a run is not damaged, so nothing is cut
    +-- NotPlannedError                 the run has no plan on record
    +-- NotTakenError                   the process that holds a run does not reply
    +-- ResumedElsewhereError           the process that holds a paused run goes on with it
    +-- RunRefusesError                 what a person told a run means nothing to it now
    +-- SandboxWeakerError              commands of the run were confined better before
    +-- TraceNotTakenError              no collector was reached, or it did not take the trace
    +-- UnpricedModelError              a budget in USD, and a model whose price nobody knows

Wrong contents of a file are the rules' own errors: see `events.errors`.
"""

from collections.abc import Sequence

from events.errors import TracksideError


class BudgetInvalidError(TracksideError):
    """A limit that a person asked for is none, or is not higher than before."""

    def __init__(self, wish: str, reason: str) -> None:
        """Remember what was asked for, and why it is refused."""
        self.wish = wish
        self.reason = reason
        super().__init__(f"--raise {wish}: {reason}")


class BudgetInForceError(BudgetInvalidError):
    """A limit that a person asked for is as high already; somebody may have been first."""


class CacheUnusableError(TracksideError):
    """The folder of all worktrees cannot be made or written; nothing was begun."""

    fault = "disk"

    def __init__(self, path: str, why: str) -> None:
        """Name the folder, and give the system's reason."""
        self.path = path
        super().__init__(
            f"the cache folder {path} cannot be used: {why}; mend that, or name another by "
            "XDG_CACHE_HOME"
        )


class ExtraMissingError(TracksideError):
    """What was asked for needs libraries that only an extra of the package brings."""

    def __init__(self, option: str, extra: str) -> None:
        """Name both."""
        self.option = option
        self.extra = extra
        super().__init__(
            f"{option} needs libraries that are not installed: pip install 'trackside[{extra}]'"
        )


class InputUnreadableError(TracksideError):
    """A file that a person named is missing, is no file, is too large, or may not be read."""

    def __init__(self, path: str, reason: str) -> None:
        """Remember which file and say why."""
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class NoRepositoryError(TracksideError):
    """A folder is in no repository, so it has no runs."""

    def __init__(self, path: str, found: str) -> None:
        """Remember where was looked, upward, and what was found there instead."""
        self.path = path
        super().__init__(f"{path}: {found}; name one with --repo DIR")


class NoTerminalError(TracksideError):
    """What was asked for needs a person at a terminal, at both ends of it."""

    def __init__(self, option: str) -> None:
        """Name the option that needs it."""
        self.option = option
        super().__init__(f"{option} needs a terminal; without it the run is shown as plain lines")


class OptionInvalidError(TracksideError):
    """An option has a value that it cannot have."""

    def __init__(self, option: str, reason: str) -> None:
        """Name the option, and say what it can have."""
        self.option = option
        self.reason = reason
        super().__init__(f"{option}: {reason}")


class OutputUnwritableError(TracksideError):
    """The place that `-o` names cannot be written to."""

    def __init__(self, path: str, reason: str) -> None:
        """Remember the place, and why the system refuses it."""
        self.path = path
        self.reason = reason
        super().__init__(f"-o {path}: {reason}; name a file that can be written")


class NothingToRecoverError(TracksideError):
    """A log that is not damaged was to be cut; nothing was changed."""

    def __init__(self, found: Sequence[str]) -> None:
        """Say what was found instead."""
        super().__init__(f"{'; '.join(found)}; nothing was cut")


class NotPlannedError(TracksideError):
    """A run was cut short before its whole plan was on record, so it did nothing."""

    def __init__(self, run: str, way_out: str = "start the track again") -> None:
        """Name the run, and say what to do."""
        self.run = run
        super().__init__(
            f"run {run} was cut short before its plan was on record, so it did nothing; {way_out}"
        )


class NotTakenError(TracksideError):
    """A message to a run was taken back, since the process that holds the run did not reply.

    It may have read the message by then, and have it take effect once it goes on.
    """

    fault = "held"

    def __init__(self, run: str, pid: int | None) -> None:
        """Name both."""
        self.run = run
        self.pid = pid
        super().__init__(
            f"process {pid} holds run {run} and does not reply; it may still do what it was told, "
            f"as `trackside log {run}` would show; if not, end it, then try again"
        )


class ResumedElsewhereError(TracksideError):
    """A run that was paused goes on, but not here: another process holds it."""

    fault = "held"

    def __init__(self, run: str, pid: int) -> None:
        """Name both."""
        self.run = run
        self.pid = pid
        super().__init__(
            f"run {run} was paused and goes on now, in process {pid}, which holds it; "
            f"`trackside log {run} --follow` shows how"
        )


class RunRefusesError(TracksideError):
    """What a person told a run makes no sense now; nothing was recorded."""

    def __init__(self, run: str, reason: str, leads: Sequence[str]) -> None:
        """Say why, and which commands lead out."""
        self.run = run
        self.reason = reason
        self.leads = tuple(leads)
        out = f"; try `{'` or `'.join(leads)}`" if leads else ""
        super().__init__(f"run {run}: {reason}{out}")


class TraceNotTakenError(TracksideError):
    """A trace has not arrived as a whole; sending it again is safe, since its ids stay."""

    def __init__(self, address: str, reason: str) -> None:
        """Remember where it should have gone, and what went wrong."""
        self.address = address
        self.reason = reason
        super().__init__(f"{address} did not take the trace: {reason}; mend that, then send again")


class UnpricedModelError(TracksideError):
    """A budget in USD cannot be kept with a model of unknown cost."""

    def __init__(self, model: str) -> None:
        """Remember which model."""
        self.model = model
        super().__init__(
            f"the price of {model} is not known, so a budget in USD cannot be kept; set the budget "
            "in tokens, or take a model with a price"
        )


class SandboxWeakerError(TracksideError):
    """The run's commands were confined better before, and nobody has asked for less."""

    def __init__(self, before: str, found: str, why: str) -> None:
        """Remember both levels."""
        self.before = before
        self.found = found
        because = f" ({why})" if why else ""
        super().__init__(
            f"commands of this run were confined by {before}; here it is only {found}{because}; "
            f"mend that, or say --sandbox {found} to go on with less"
        )
