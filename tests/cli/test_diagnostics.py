"""The program's own notes never stop a run."""

from pathlib import Path

from cli.diagnostics import Diagnostics


def test_a_full_disk_costs_the_note_and_nothing_else() -> None:
    diagnostics = Diagnostics(Path("/dev/full"), verbose=False)
    diagnostics.note("something", fact=1)
    diagnostics.close()


def test_a_note_is_a_line_with_its_facts(tmp_path: Path) -> None:
    diagnostics = Diagnostics(tmp_path / "notes", verbose=False)
    diagnostics.note("something", fact=1)
    diagnostics.note("another")
    diagnostics.close()
    first, second = (tmp_path / "notes").read_text().splitlines()
    assert '"fact":1' in first
    assert '"event":"another"' in second
