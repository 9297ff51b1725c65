"""Verdicts on the runs of the tests."""

from replay.divergence import Divergence
from replay.verify import Verdict, verify
from store.run_folder import RunFolder
from tests.replay.recorded import archive_of


def verdict_on(folder: RunFolder) -> Verdict:
    """Return what `verify` says of a run."""
    return verify(archive_of(folder), folder.path.parents[2])


def first_of(folder: RunFolder) -> Divergence:
    """Return the first difference of a run that does not verify."""
    verdict = verdict_on(folder)
    assert verdict.code == "diverged"
    assert verdict.first is not None
    assert verdict.first == verdict.divergences[0]
    return verdict.first
