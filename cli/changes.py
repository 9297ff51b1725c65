"""What is not as it was when a run began: it is told, and the run keeps to what it began with."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from cli.model_names import settings_placed
from cli.policy_source import load_policy, placed_policy
from cli.redaction import Redactor
from cli.settings import Loaded, flat_values, load_settings
from events.errors import TracksideError
from events.policy import PRESETS, Policy
from events.run import Run
from events.run_terms import Start
from events.secret_patterns import Redact
from events.settings import Settings
from store.encode import texts_changed

T = TypeVar("T", Settings, Policy)

LONGEST_VALUE = 60
"""Characters of a value that are shown."""


def changes(run: Run, repository: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Give a line for each thing that a run begun now would do otherwise.

    Who wants to follow one of them forks the run, or begins another.
    """
    facts, redact = run.facts, Redactor(environment)
    if facts.program != version("trackside"):
        yield f"the run began with trackside {facts.program}; this is {version('trackside')}"
    track = Path(facts.source)
    if not track.is_file():
        yield f"the track file {facts.source} is gone; the run keeps the plan that it recorded"
    elif hashlib.sha256(track.read_bytes()).hexdigest() != facts.track_digest:
        yield f"the track file {facts.source} has changed; the run keeps the plan that it recorded"
    yield from _of_policy(facts, repository, redact)
    try:
        loaded = load_settings(repository, environment, {})
        yield from _of_settings(facts, loaded, repository, redact)
    except TracksideError as error:
        first = str(error).partition("\n")[0]
        yield f"the run keeps the configuration that it recorded; today's is of no use: {first}"


def _of_policy(facts: Start, repository: Path, redact: Redact) -> Iterator[str]:
    named = facts.settings.policy
    if named in PRESETS:
        return
    try:
        policy = load_policy(named, repository)
    except TracksideError:
        yield f"the policy {named} cannot be read any more; the run keeps the one that it recorded"
        return
    if _as_recorded(policy, redact).version != facts.policy.version:
        yield f"the policy {named} has changed; the run keeps the one that it recorded"


def _of_settings(facts: Start, loaded: Loaded, repository: Path, redact: Redact) -> Iterator[str]:
    policy = placed_policy(loaded.settings.policy)
    today = settings_placed(replace(loaded.settings, policy=policy), repository)
    then, now = flat_values(facts.settings), flat_values(_as_recorded(today, redact))
    for key in sorted(then.keys() | now.keys()):
        if key in facts.given or then.get(key) == now.get(key):
            continue
        origin = loaded.origins.get(key, "the configuration")
        if key in then and key in now:
            yield f"{origin}: {key} is {_shown(now[key])}; the run keeps {_shown(then[key])}"
        elif then.get(key):
            yield f"{origin}: {key} is not set any more; the run keeps {_shown(then[key])}"
        elif now.get(key):
            yield f"{origin}: {key} is {_shown(now[key])}; the run goes on without"


def _as_recorded(value: T, redact: Redact) -> T:
    """Return `value` as a record holds it: what is secret in it is no change."""
    return msgspec.convert(texts_changed(msgspec.to_builtins(value), redact), type(value))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
