"""An open run: its folder, log, blobs and repository, put together from concrete classes."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from actors.workshop import Workshop
from cli.own_prices import PriceOf
from cli.places import worktrees_of
from cli.redaction import Redactor
from cli.run_album import RunAlbum
from cli.run_view import RunView
from events.journal import LogOpened, LogRecovered
from events.run import Run
from events.streams import EVENT_TYPES
from events.world import World
from models.service import ModelService
from store.blobs import Blobs
from store.codec import Codec
from store.failpoint import failpoint
from store.jsonl import JsonlLog
from store.log import Recorded
from store.run_folder import RunFolder
from workspace.command import CommandRunner
from workspace.spares import Spares
from workspace.tree import Repository

CODEC = Codec(EVENT_TYPES)


@dataclass(frozen=True)
class OpenRun:
    """A run that this process alone may write."""

    folder: RunFolder
    log: JsonlLog
    blobs: Blobs
    repository: Repository
    view: RunView
    """As of the last record: it listens to the log."""
    dropped: Sequence[LogRecovered] = ()
    """What this opening had to set aside of the end of the log."""

    @property
    def world(self) -> World:
        """The state of all streams, as of the last record."""
        return self.view.world

    @property
    def worktrees(self) -> Path:
        """Where the worktrees of the run are, outside the user's repository."""
        return worktrees_of(self.folder.path)


def workshop_of(
    opened: OpenRun, runner: CommandRunner, models: ModelService, price: PriceOf
) -> Workshop:
    """Return the tools of the run's workers; who made `runner` and `models` closes them."""
    facts = opened.world.run.facts
    return Workshop(
        run=facts.run,
        repository=opened.repository,
        worktrees=opened.worktrees,
        spares=Spares(opened.repository, opened.worktrees, keeps=runner.sandbox.level == "bwrap"),
        runner=runner,
        models=models,
        blobs=opened.blobs,
        command_env=facts.settings.sandbox.env,
        environment=os.environ,
        price=price,
        redact=Redactor(os.environ),
    )


@contextmanager
def opened(
    folder: RunFolder, checkout: Path, require: Callable[[Run], None] = lambda _: None
) -> Iterator[OpenRun]:
    """Give the run with its log open for writing and folded; close the log at the end.

    `require` is called with the run as its log has it, once that is read and held against other
    writers: what it raises is raised, and the log stays as it was.

    Of a long log states are kept for looking back, and at the end that it is whole.

    Raises:
        HeldError: another process writes it.
        DamageError: the log cannot be trusted.
        RepositoryMissingError: the run has begun, and its trees are gone.
        RepositoryRefusedError: `checkout` is not in a git repository.
    """
    redact = Redactor(os.environ)
    blobs = Blobs(folder.blobs, redact=redact)
    view = RunView(read_blob=blobs.text)
    dropped: list[LogRecovered] = []

    def noted(records: Iterable[Recorded]) -> Iterator[Recorded]:
        for recorded in records:
            match recorded.event:
                case LogOpened():
                    dropped.clear()
                case LogRecovered() as recovered:
                    dropped.append(recovered)
            yield recorded

    read = False
    repository: Repository | None = None

    def see(records: Iterable[Recorded]) -> None:
        nonlocal read, repository
        view.take_all(noted(records))
        if not read:  # until now; and nothing is written yet
            read = True
            if view.world.run.standing != "new":
                repository = Repository.open(folder.git, checkout)
            require(view.world.run)

    with JsonlLog.open(folder.log, CODEC, on_records=see, redact=redact) as log:
        blobs.sweep()
        repository = repository or Repository.create(folder.git, checkout)
        log.subscribe(lambda recorded: failpoint("after-position", recorded.position))
        log.subscribe(view.take)
        album = RunAlbum(folder, log, view)
        log.subscribe(album.take)
        yield OpenRun(folder, log, blobs, repository, view, dropped)
    album.vouch()
