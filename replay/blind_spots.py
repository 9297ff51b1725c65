"""What a verification cannot know: said beside every verdict, so that nobody reads more into it."""

from collections.abc import Iterator

from events.counted import counted
from events.run import Run
from replay.counts import Counts
from store.run_folder import RunFolder


def blind_spots(run: Run, counts: Counts, folder: RunFolder) -> tuple[str, ...]:
    """Return what no verification of this run can know, one sentence each."""
    return tuple(_sentences(run, counts, folder))


def _sentences(run: Run, counts: Counts, folder: RunFolder) -> Iterator[str]:
    yield (
        "Whether models, tools and people said what is recorded: their words are where deciding "
        "again begins."
    )
    yield "Whether the times are right: they are those of the machine's clock."
    yield (
        "Whether somebody who may write here wrote a whole other history, log, seal and payloads: "
        "only the sum of the log, kept elsewhere, can tell."
    )
    if counts.commands:
        yield (
            f"Whether {counted(counts.commands, 'command')}, run again, would leave the same "
            "trees: no command is run."
        )
    if counts.unseen_contexts:
        yield (
            f"Whether {counted(counts.unseen_contexts, 'context')} would be assembled again: their "
            "files hold a key of an environment that this process does not have."
        )
    if counts.unseen_edits:
        yield (
            f"What {counted(counts.unseen_edits, 'edit')} found in files that git ignores: such "
            "files are in no tree."
        )
    if folder.read_seal() is None:
        why = "its end was never sealed" if run.standing == "ended" else "it has not ended"
        yield f"Whether records are missing at the end of the log: {why}."
