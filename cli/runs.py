"""`trackside runs`: the runs of a repository, the latest first."""

import argparse

from cli.answers import RunRow, Runs, print_answer
from cli.escape import clipped, columns, path_text, shown
from cli.exit_code import ExitCode
from cli.history import load_history
from cli.spending import usd_words
from cli.summary import use_of
from cli.which_run import add_repository, repository_of
from events.state_digest import state_digest
from store.errors import DamageError, StoreError
from store.run_folder import RunFolder

TITLE_CHARS = 60
PROBLEM_CHARS = 300


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_repository(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print a line for each run; one whose log is damaged is listed too, and the exit code is 4."""
    repository = repository_of(args)
    rows = tuple(map(row_of, RunFolder.all_of(repository)))
    if args.json:
        print_answer(Runs(repository=path_text(repository), runs=rows))
    elif rows:
        header = ["run", "state", "began (UTC)", "tickets", "tokens", "cost", ""]
        print(*columns([header, *map(_cells, rows)]), sep="\n")
    else:
        print(f"no runs in {shown(path_text(repository))}")
    damaged = any(row.code == "damaged" for row in rows)
    return ExitCode.LOG_DAMAGED if damaged else ExitCode.COMPLETED


def row_of(folder: RunFolder) -> RunRow:
    """Return what there is to say of one run in a line."""
    try:
        history = load_history(folder)
    except StoreError as error:
        code = "damaged" if isinstance(error, DamageError) else "unusable"
        return RunRow(run=folder.run, code=code, position=0, digest="", problem=str(error))
    view, state = history.view, history.view.world.run
    planned = state.track is not None
    return RunRow(
        run=folder.run,
        code=history.standing,
        position=view.world.position,
        digest=state_digest(view.world),
        track=state.start.track.id if state.start else "",
        title=state.start.track.title if state.start else "",
        began=view.began,
        at=view.at,
        tickets=len(state.plan) if planned else 0,
        completed=state.plan.count("completed") if planned else 0,
        use=use_of(view.spending.total),
        parent=state.lineage[-1].run if state.lineage else "",
        problem=history.note if planned else "cut short before its plan was on record",
    )


def _cells(row: RunRow) -> list[str]:
    used = row.use is not None and row.use.calls > 0
    return [
        shown(path_text(row.run)),
        row.code,
        row.began[:16].replace("T", " ") or "-",
        f"{row.completed}/{row.tickets}" if row.tickets else "-",
        f"{row.use.tokens:,}" if row.use and used else "-",
        usd_words(row.use.usd) if row.use and used else "-",
        clipped(row.problem, PROBLEM_CHARS) if row.problem else _title(row),
    ]


def _title(row: RunRow) -> str:
    title = clipped(row.title, TITLE_CHARS)
    return f"{title} (a fork of {shown(row.parent)})" if row.parent else title
