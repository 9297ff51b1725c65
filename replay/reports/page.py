"""The page of a run as a value: its tables and its texts, made from the log alone."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from events.attempt import Turn
from events.base import Event
from events.ids import AttemptId, TreeId, ticket_of
from events.run import Run
from events.secret_patterns import Redact, without_secrets
from events.state_digest import state_digest
from events.ticket import Ticket
from replay.archive import Archive
from replay.reports.activity import ACTIVITIES
from replay.reports.details import Book
from replay.reports.fold import STATES, Describe, Fold, Price, texts_of
from replay.reports.graph import layout
from replay.reports.pool import Pool
from replay.reports.tables import AttemptFacts, Page, RunFacts, TicketFacts, TurnFacts
from replay.show import planned
from workspace.errors import WorkspaceError
from workspace.shown_diff import hidden_in

NO_DIFFS = "the trees of the run cannot be read, so there are no diffs"


class Report(msgspec.Struct, frozen=True):
    """Tables and texts; together they are the page."""

    page: Page
    chunks: tuple[list[str], ...]


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What a report needs to know of the rest of the program."""

    describe: Describe
    price: Price
    notable: Callable[[Event], bool]
    """Whether an event is worth a stop."""
    program: str
    redact: Redact = without_secrets
    """Takes the secrets out of diffs."""


def report_of(archive: Archive, checkout: Path, means: Means) -> Report:
    """Return the page of a run as it stands now; nothing is written.

    Args:
        archive: The run.
        checkout: Where the user's repository is; without its objects there are no diffs.
        means: Words and prices.

    Raises:
        DamageError: the log cannot be trusted.
        NotInHistoryError: the run was cut short before it was planned.
    """
    pool = Pool()
    book = Book(pool, archive.text)
    fold = Fold(book, means.describe, means.price)
    notable: list[int] = []
    for recorded in archive.records():
        fold.take(recorded)
        if means.notable(recorded.event):
            notable.append(recorded.position)
    run = planned(fold.world)
    note = _diffs(archive, checkout, pool, fold, means.redact)
    if not archive.tail.clean:
        note = f"the end of the log is torn: {archive.tail.reason}. {note}".strip()
    axis = fold.axis()
    tickets, attempts = _tickets(run, book), _attempts(fold, book)
    facts = _run(archive, fold, book, means, note)
    chunks = tuple(pool.chunks())
    page = Page(
        run=facts,
        streams=fold.streams,
        types=fold.types,
        states=STATES,
        activities=ACTIVITIES,
        tickets=tickets,
        attempts=attempts,
        events=fold.events,
        notable=tuple(notable),
        silences=tuple((index + 1, length) for index, length in axis.silences),
        chunks=tuple(map(len, chunks)),
    )
    return Report(page, chunks)


def _diffs(archive: Archive, checkout: Path, pool: Pool, fold: Fold, redact: Redact) -> str:
    """Make all diffs; return why there are none, if so."""
    pairs: list[tuple[TreeId, TreeId]] = [(one.before, one.after) for one in fold.changes]
    try:
        repository = archive.repository(checkout)
        diffs = [
            hidden_in(diff, repository, *pair, redact)
            for diff, pair in zip(repository.diffs(pairs), pairs, strict=True)
        ]
    except WorkspaceError as error:
        texts_of(pool, fold.changes, [""] * len(pairs))
        return f"{NO_DIFFS}: {error}"
    texts_of(pool, fold.changes, diffs)
    return ""


def _run(archive: Archive, fold: Fold, book: Book, means: Means, note: str) -> RunFacts:
    run, events = fold.world.run, fold.events
    facts, delivery = run.facts, run.delivery
    began = next(iter(archive.records())).at
    delivered = "" if delivery is None else f"{delivery.branch or delivery.how} {delivery.problem}"
    return RunFacts(
        id=facts.run,
        track=facts.track.id,
        title=facts.track.title,
        goal=book.pool.add(facts.track.description),
        standing=run.ending or run.standing,
        began=began,
        position=len(events.at),
        sum=archive.sum,
        digest=state_digest(fold.world),
        program=means.program,
        lineage=tuple((origin.run, origin.position) for origin in run.lineage),
        facts=tuple(
            (name, value)
            for name, value in (
                ("repository", facts.repository),
                ("base", facts.base),
                ("tip", run.commit),
                ("delivered", delivered.strip()),
                ("policy", facts.policy.name),
                ("models", ", ".join(facts.settings.models.ladder)),
                ("workers", str(facts.settings.workers)),
                ("track file", facts.source),
            )
            if value
        ),
        note=note,
    )


def _tickets(run: Run, book: Book) -> tuple[TicketFacts, ...]:
    number = {ticket.id: index for index, ticket in enumerate(run.plan)}
    needs = [tuple(number[other] for other in ticket.depends_on) for ticket in run.plan]
    drawn = layout(needs)
    return tuple(
        TicketFacts(
            id=ticket.id,
            title=ticket.title,
            description=book.pool.add(ticket.description),
            needs=those,
            layer=place.layer,
            row=place.row,
            bends=tuple(tuple((bend.layer, bend.row) for bend in line) for line in lines),
            facts=tuple(_ticket(ticket)),
        )
        for ticket, those, place, lines in zip(
            run.plan, needs, drawn.nodes, drawn.bends, strict=True
        )
    )


def _ticket(ticket: Ticket) -> Iterable[tuple[str, str]]:
    files = ", ".join(file.path for file in ticket.context_requirements)
    pairs = (
        ("priority", ticket.priority),
        ("target", ticket.target_file or ""),
        ("context", files),
        ("check", ticket.check or ""),
        ("archetype", ticket.assigned_to),
        ("model", ticket.model_override or ""),
        ("attempts", f"{ticket.attempts} of {ticket.last_attempt}"),
        ("step mode", "yes" if ticket.step_mode else ""),
    )
    return ((name, value) for name, value in pairs if value)


def _attempts(fold: Fold, book: Book) -> tuple[AttemptFacts, ...]:
    return tuple(
        _attempt(name, fold, begun, book)
        for name, begun in zip(fold.attempts, fold.begun, strict=True)
    )


def _attempt(name: AttemptId, fold: Fold, begun: int, book: Book) -> AttemptFacts:
    ticket, number = ticket_of(name)
    state, said = fold.world.attempt(name), fold.conversation_of(name)
    return AttemptFacts(
        id=name,
        ticket=fold.tickets[ticket],
        number=number,
        model=fold.model_of(name),
        begun=begun,
        system=book.keep(said.system),
        message=book.keep(said.message),
        tools=said.tools,
        turns=tuple(_turn(turn, book) for turn in said.turns),
        result=state.result or "",
        reason=state.reason,
    )


def _turn(turn: Turn, book: Book) -> TurnFacts:
    return TurnFacts(
        text=book.keep(turn.text),
        calls=tuple((call.call, call.tool, book.keep(call.arguments)) for call in turn.calls),
        results=tuple(
            (done.call.call, done.call.tool, book.keep(done.text), done.ok) for done in turn.done
        ),
        note=turn.note,
    )
