"""Whole results are kept in the run, and a worker reads on in them, whatever has changed since."""

from events.attempt_events import ToolFinished
from store.blobs import Blobs
from tests.end_to_end.project import Project
from tests.end_to_end.scripts import call, command, done, turn

NAMES = [f"f{number:03}.txt" for number in range(500)]


def test_what_a_reading_tool_found_can_be_read_to_its_end(project: Project) -> None:
    for name in NAMES:
        project.repo.write(name, "found\n")
    project.repo.write("long.txt", "".join(f"line {number}\n" for number in range(1, 2001)))
    project.repo.commit()
    project.plan({"id": "T1"})
    cut = 'read_output with call_id "c'
    project.script({
        "T1": [[
            turn(call("list_files", glob="f*.txt")),
            turn(call("search_text", pattern="found"), expect=(f"{cut}1",)),
            turn(call("read_file", path="long.txt"), expect=("400 of 500 matches", f"{cut}2")),
            turn(command("rm f*.txt long.txt"), expect=("lines 1 to 400 of 2000", f"{cut}3")),
            turn(
                call("read_output", call_id="c1", start_line=499, end_line=500),
                call("read_output", call_id="c2", start_line=500, end_line=500),
                call("read_output", call_id="c3", start_line=1999, end_line=2000),
            ),
            done("f498.txt\nf499.txt", "f499.txt:1:found", "line 1999\nline 2000"),
        ]],
    })  # fmt: skip
    assert project.run().code == 0
    listed = project.events(ToolFinished)[0].outcome
    whole = Blobs(project.folder_of() / "blobs").text(listed.output)
    assert whole.split("\n")[-500:] == NAMES
    assert listed.output_bytes == len(whole)
