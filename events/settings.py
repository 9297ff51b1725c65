"""What a person can set, and what a run records of it. Reading it from files is the door's work."""

from typing import Annotated, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]
PositiveFloat = Annotated[float, msgspec.Meta(gt=0)]

DEFAULT_LADDER = ("gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-3.1-pro-preview")


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Models(_Section, frozen=True, kw_only=True):
    """Which models are asked."""

    ladder: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = DEFAULT_LADDER
    """Attempt n uses rung n; the last rung repeats."""
    qa: str = "gemini-2.5-flash-lite"
    fallback: str | None = None
    """Asked instead of a model whose quota of the day is used up; None: the run holds."""
    max_output_tokens: Positive = 8192
    parallel: Positive = 8
    """Calls that may be out at once, over all workers of the process."""
    requests_per_minute: Positive | None = None
    total_timeout_s: PositiveFloat = 600.0
    """One call, first byte to last."""
    idle_timeout_s: PositiveFloat = 120.0
    """Longest silence within one call."""


class Context(_Section, frozen=True, kw_only=True):
    """How much of a file a prompt may hold."""

    raw_max_tokens: Positive = 8000


class Limits(_Section, frozen=True, kw_only=True):
    """Where an attempt stops."""

    turns: Positive = 40
    """Model turns of one attempt."""
    wall_s: PositiveFloat = 3600.0
    """Wall time of one attempt in one process, waits for people not counted."""
    run_wall_s: PositiveFloat | None = None
    """Wall time of one process that works on a run; then the run pauses."""
    model_tries: Positive = 6
    """Failed tries of one turn before the attempt fails; a rate limit is no failed try."""
    rate_wait_s: PositiveFloat = 900.0
    """What one turn may wait, over all its tries, because a server says so; then the run holds."""
    stuck_after: Positive = 3
    """Times the same failure may repeat in one attempt."""
    command_timeout_s: PositiveFloat = 600.0
    check_timeout_s: PositiveFloat = 1800.0
    result_bytes: Positive = 16_384
    """What a tool's result may bring into a prompt."""
    result_lines: Positive = 400


class Budget(_Section, frozen=True, kw_only=True):
    """What may be spent; None: as much as it takes. Tokens are input, output and thinking."""

    run_tokens: Positive | None = None
    run_usd: PositiveFloat | None = None
    ticket_tokens: Positive | None = None
    ticket_usd: PositiveFloat | None = None
    attempt_tokens: Positive | None = None
    attempt_usd: PositiveFloat | None = None

    @property
    def limits_anything(self) -> bool:
        """Whether any limit is set."""
        return self != Budget()

    @property
    def limits_usd(self) -> bool:
        """Whether any limit is in USD."""
        return any((self.run_usd, self.ticket_usd, self.attempt_usd))


class Archetype(_Section, frozen=True, kw_only=True):
    """A kind of worker that tickets can name in `assigned_to`."""

    trust: Literal["auto", "step"] = "auto"
    tools: tuple[str, ...] = ()
    """Names of the tools it may use; empty means all."""
    prompt: str = ""
    """Added to the system prompt."""
    model: str | None = None
    """Instead of the ladder."""


class SandboxSettings(_Section, frozen=True, kw_only=True):
    """What commands may reach beyond their worktree; docs/sandbox.md says what the levels hold."""

    level: Literal["auto", "bwrap", "landlock", "none"] = "auto"
    """`auto` is the strongest that this machine has; with `none` every command asks."""
    network: bool = False
    read_only: tuple[str, ...] = ()
    """Absolute paths (``~`` is the home folder) that commands may also read."""
    writable: tuple[str, ...] = ()
    """Absolute paths that commands may also write."""
    env: tuple[str, ...] = ()
    """Names of environment variables that commands may see besides the built-in ones."""


class Settings(_Section, frozen=True, kw_only=True):
    """The configuration in force, recorded whole at the start of a run."""

    workers: Positive = 4
    policy: str = "auto"
    """A preset (`auto`, `ask`, `deny`) or the path of a policy file."""
    deliver: Literal["branch", "apply", "none"] = "branch"
    models: Models = Models()
    context: Context = Context()
    limits: Limits = Limits()
    budget: Budget = Budget()
    archetypes: dict[str, Archetype] = {}
    sandbox: SandboxSettings = SandboxSettings()
