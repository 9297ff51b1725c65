"""The track file: three forms in, one track out, and every problem with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from events.documents import MAX_BYTES
from events.errors import TrackInvalidError
from events.ticket import ContextFile, Ticket
from events.track_file import check_archetypes, format_of, parse_track
from tests.events.track_problems import ONE, parse, problems


def about(**fields: Any) -> list[str]:  # noqa: ANN401 - any field
    """Return the problems of a ticket with these fields, without the place they share."""
    found = problems([ONE | fields])
    place = 'ticket 1 ("T1")'
    assert all(problem.startswith(place) for problem in found)
    return [problem.removeprefix(place) for problem in found]


# --- what is taken ------------------------------------------------------------------------------


def test_a_flat_list_is_named_after_its_file() -> None:
    spec = parse([ONE], "plans/My shop!.json")
    assert (spec.id, spec.title) == ("My-shop", "My shop!")
    assert spec.tickets == (Ticket(id="T1", description="mend the till"),)  # type: ignore[arg-type]


def test_a_file_whose_name_gives_no_id_still_has_one() -> None:
    assert parse([ONE], "...json").id == "track"


def test_an_object_says_everything_about_the_track() -> None:
    head = {
        "id": "shop", "title": "Shop", "description": "Make it add up.", "base": "main~2",
        "setup": "make", "check": "pytest -q",
    }  # fmt: skip
    spec = parse(head | {"tickets": [ONE]})
    assert {key: getattr(spec, key) for key in head} == head


TOML = b"""
[track]
title = "Shop"
check = "pytest -q"

[[ticket]]
id = "T1"
prompt = "mend the till"

[[ticket]]
id = "T2"
prompt = "count the coins"
dependencies = ["T1"]
worker_archetype = "clerk"
context_requirements = ["./till.py", {path = "coins.py", view = "raw"}, {path = "a"}]
priority = "high"
step_mode = true
max_attempts = 1
"""


def test_toml_says_the_same_with_tables() -> None:
    spec = parse_track(TOML, "shop.toml")
    assert (spec.id, spec.title, spec.check) == ("shop", "Shop", "pytest -q")
    assert spec.tickets[1] == Ticket(
        id="T2",  # type: ignore[arg-type]
        description="count the coins",
        depends_on=("T1",),  # type: ignore[arg-type]
        assigned_to="clerk",
        context_requirements=(
            ContextFile("till.py"), ContextFile("coins.py", "raw"), ContextFile("a"),
        ),
        priority="high",
        step_mode=True,
        max_attempts=1,
    )  # fmt: skip


def test_toml_needs_no_table_of_the_track() -> None:
    spec = parse_track(b'[[ticket]]\nid = "T1"\nprompt = "x"', "shop.toml")
    assert (spec.id, spec.title) == ("shop", "shop")


def test_work_done_before_is_completed_and_all_else_is_locked() -> None:
    spec = parse([ONE | {"status": "completed"}, ONE | {"id": "T2", "status": "todo"}])
    assert [ticket.status for ticket in spec.tickets] == ["completed", "locked"]


def test_paths_are_kept_in_one_form() -> None:
    assert parse([ONE | {"target_file": "./src//till.py"}]).tickets[0].target_file == "src/till.py"


def test_null_stands_for_nothing_where_nothing_is_allowed() -> None:
    nothing = dict.fromkeys(["target_file", "model_override", "check"])
    assert parse([ONE | nothing]) == parse([ONE])


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_track(b"\xef\xbb\xbf" + json.dumps([ONE]).encode(), "x.json").tickets


@pytest.mark.parametrize(
    ("source", "data", "form"),
    [
        ("a.json", b"[track]", "json"),
        ("a.TOML", b"[{", "toml"),
        ("plan", b' \n[ {"id"', "json"),
        ("plan", b"\xef\xbb\xbf{}", "json"),
        ("plan", b"[]", "json"),
        ("plan", b"[[ticket]]", "toml"),
        ("plan", b"[track]", "toml"),
        ("plan", b"# notes", "toml"),
    ],
)
def test_the_ending_decides_the_format_else_the_first_bytes(
    source: str, data: bytes, form: str
) -> None:
    assert format_of(data, source) == form


def test_a_format_that_is_given_is_not_guessed() -> None:
    assert parse_track(TOML, "shop.json", "toml").title == "Shop"


def test_the_example_of_the_project_is_valid() -> None:
    for path in Path(__file__).parents[2].glob("examples/*/track.*"):
        assert parse_track(path.read_bytes(), path.name).tickets


# --- one ticket, one problem --------------------------------------------------------------------

FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"depend_on": []}, ': unknown key "depend_on" (did you mean "depends_on"?)'),
    ({"tickets": []}, ': unknown key "tickets"'),
    ({"id\n": 1}, r': unknown key "id\n" (did you mean "id"?)'),
    ({"description": 7}, ".description: expected a string, got a whole number"),
    ({"description": " \n"}, ".description: is blank"),
    ({"description": "a\0b"}, ".description: holds a NUL character"),
    ({"description": "\ud800"}, ".description: holds half of a character (a lone surrogate)"),
    ({"prompt": "x"}, ': "description" and "prompt" are the same key; give one'),
    (
        {"depends_on": [], "dependencies": []},
        ': "depends_on" and "dependencies" are the same key; give one',
    ),
    (
        {"assigned_to": "a", "worker_archetype": "a"},
        ': "assigned_to" and "worker_archetype" are the same key; give one',
    ),
    ({"status": "pending"}, '.status: expected "todo" or "completed", got "pending"'),
    ({"status": None}, ".status: expected a string, got null"),
    ({"priority": "hi"}, '.priority: expected "high", "medium" or "low", got "hi"'),
    ({"depends_on": "T2"}, ".depends_on: expected a list, got a string"),
    ({"depends_on": [{"id": "T2"}]}, ".depends_on[0]: expected a string, got an object"),
    ({"depends_on": ["T9"]}, '.depends_on[0]: no ticket "T9"'),
    ({"dependencies": ["T9"]}, '.dependencies[0]: no ticket "T9"'),
    ({"depends_on": ["T1"]}, ".depends_on[0]: a ticket cannot depend on itself"),
    ({"assigned_to": ""}, ".assigned_to: is blank"),
    ({"step_mode": 1}, ".step_mode: expected true or false, got a whole number"),
    ({"max_attempts": 0}, ".max_attempts: expected a whole number >= 1"),
    ({"max_attempts": -1}, ".max_attempts: expected a whole number >= 1"),
    ({"max_attempts": True}, ".max_attempts: expected a whole number, got true or false"),
    ({"max_attempts": 2.5}, ".max_attempts: expected a whole number, got a number"),
    ({"max_attempts": 10**30}, ".max_attempts: expected a whole number <= 1000"),
    ({"max_attempts": "3"}, ".max_attempts: expected a whole number, got a string"),
    ({"check": ""}, ".check: is blank"),
    ({"model_override": []}, ".model_override: expected a string or null, got a list"),
    ({"context_requirements": ["../x"]}, '.context_requirements[0]: "../x" leaves the repository'),
    (
        {"context_requirements": [7]},
        ".context_requirements[0]: expected a string or an object, got a whole number",
    ),
    ({"context_requirements": [{}]}, '.context_requirements[0]: missing key "path"'),
    (
        {"context_requirements": [{"path": "a", "view": "all"}]},
        '.context_requirements[0].view: expected "raw", "curated", "skeleton" or "outline", got',
    ),
]


@pytest.mark.parametrize(("fields", "problem"), FIELDS)
def test_a_wrong_field_is_named_with_its_place(fields: dict[str, Any], problem: str) -> None:
    (found,) = about(**fields)
    assert found.startswith(problem)


PATHS = {
    "": "is empty",
    "  ": "is empty",
    "/etc/passwd": "is absolute",
    "C:\\till.py": "is absolute",
    "~/till.py": "starts with ~",
    "~root": "starts with ~",
    "../till.py": 'leaves the repository by ".."',
    "src/../../till.py": 'leaves the repository by ".."',
    "..\\till.py": "holds a backslash",
    "src/..\\..\\till.py": "holds a backslash",
    ".git/config": "reaches into .git",
    "sub/.GIT/hooks/x": "reaches into .git",
    ".git./config": "reaches into .git",
    ".trackside/runs": "reaches into .git or .trackside",
    "a\nb": "cannot be printed",
    "a\u202eb": "cannot be printed",
    "x" * 256: "is too long",
    "x/" * 2000 + "yy" * 100: "length <= 4096",
    ".": "is the repository itself",
    "./": "is the repository itself",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    (found,) = about(target_file=path)
    assert found.startswith(".target_file: ")
    assert PATHS[path] in found or (path == "" and "length >= 1" in found)


@pytest.mark.parametrize("path", ["src/till.py", ".github/x.yml", "a..b", ".gitignore", "büro.py"])
def test_a_path_inside_the_repository_is_taken(path: str) -> None:
    assert parse([ONE | {"target_file": path}]).tickets[0].target_file == path


@pytest.mark.parametrize("name", ["", "a b", "a/b", ".", "..", "x" * 65, "é", "T1\n", "\ud800"])
def test_an_id_that_is_no_name_is_refused(name: str) -> None:
    (found,) = problems([ONE | {"id": name}])
    assert found.startswith('ticket 1 ("')
    assert ".id: " in found
    assert ("it names a folder" in found) == (name in {".", ".."})


@pytest.mark.parametrize("name", ["T1", "a.b-c_d", "x" * 64, "-", "..."])
def test_an_id_of_plain_characters_is_taken(name: str) -> None:
    assert parse([ONE | {"id": name}]).tickets[0].id == name


# --- the document as a whole --------------------------------------------------------------------


def test_all_problems_come_at_once_each_with_its_place() -> None:
    document = {
        "titel": "x",
        "base": "--help",
        "tickets": [ONE | {"step_mode": "no"}, 7, {"id": "T1", "depends_on": ["T9", 3]}, "T4"],
    }
    assert problems(document) == [
        'unknown key "titel" (did you mean "title"?)',
        'base: "--help" is no name of a commit',
        'ticket 1 ("T1").step_mode: expected true or false, got a string',
        "ticket 2: expected an object, got a whole number",
        'ticket 3 ("T1").depends_on[1]: expected a string, got a whole number',
        'ticket 3 ("T1"): missing key "description"',
        "ticket 4: expected an object, got a string",
        'ticket 3 ("T1").id: already taken by ticket 1 ("T1")',
        'ticket 3 ("T1").depends_on[0]: no ticket "T9"',
    ]


def test_missing_keys_are_named() -> None:
    assert problems([{}]) == ['ticket 1: missing key "id"', 'ticket 1: missing key "description"']


DOCUMENTS: list[tuple[bytes, str]] = [
    (b"", "there is nothing in it"),
    (b" \n", "there is nothing in it"),
    (b"[]", "tickets: a track needs at least one ticket"),
    (b"{}", 'missing key "tickets"'),
    (b'{"tickets": {}}', "tickets: expected a list, got an object"),
    (b'{"tickets": null}', "tickets: expected a list, got null"),
    (b'"T1"', "expected a list of tickets, or an object with tickets"),
    (b"null", "expected a list of tickets, or an object with tickets"),
    (b'["T1"]', "ticket 1: expected an object, got a string"),
    (b"[[]]", "ticket 1: expected an object, got a list"),
    (b"[1,\n  2,]", "not JSON: Expecting value (line 2, column 5)"),
    (b"[NaN]", "not JSON: NaN is no number"),
    (b"[-Infinity]", "not JSON: -Infinity is no number"),
    (b"[" + b"9" * 5000 + b"]", "not JSON that can be read: a number has too many digits"),
    (b"[" * 200_000, "brackets are nested too deep"),
    (b'{"a":' * 200_000, "brackets are nested too deep"),
    (b"\xff\xfe[\0]\0", "byte 1 is not UTF-8"),
    (b'[{"id":"T1","prompt":"x","id":"T1"}]', 'ticket 1 ("T1"): key "id" stands twice'),
]


@pytest.mark.parametrize(("data", "problem"), DOCUMENTS)
def test_a_document_that_is_no_track_is_refused_in_one_line(data: bytes, problem: str) -> None:
    assert problems(data) == [problem]


def test_a_key_that_stands_three_times_is_reported_once() -> None:
    data = b'{"tickets":[{"id":"T1","prompt":"x"}],"title":"a","title":"b","title":"c"}'
    assert problems(data) == ['key "title" stands twice']


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a = 1\nb = = 2\n", "not TOML: Invalid value (line 2, column 5)"),
        (b"a = 1\na = 2\n", "not TOML: Cannot overwrite a value (line 2, column 6)"),
        (b"a = " + b"[" * 200_000, "brackets are nested too deep"),
        (b"a = " + b"9" * 5000, "not TOML that can be read: a number has too many digits"),
        (b"a." * 100_000 + b"a = 1", "a dotted key has more than 100 parts"),
        (b"track = 3\nticket = 1979-05-27", "track: expected an object, got a whole number"),
    ],
)
def test_a_document_that_is_no_toml_is_refused(data: bytes, problem: str) -> None:
    assert problems(data, "shop.toml")[0] == problem


def test_dots_in_the_texts_of_a_toml_document_are_no_keys() -> None:
    text = b"a." * 1000
    data = b'# %b\n[[ticket]]\nid="T1"\nprompt="""%b\\"""%b"""\ncheck=\'%b\'' % ((text,) * 4)
    assert parse_track(data, "shop.toml").tickets


def test_a_document_that_is_too_large_is_not_read() -> None:
    (found,) = problems(b" " * (MAX_BYTES + 1))
    assert found == f"{MAX_BYTES + 1} bytes are more than the {MAX_BYTES} that are read"


def test_endless_problems_end() -> None:
    found = problems([{f"key{n}": n for n in range(3000)} for _ in range(3)])
    assert len(found) == 1001
    assert found[-1] == "there may be more; only the first 1000 problems are listed"


def test_the_error_is_one_line_a_problem() -> None:
    with pytest.raises(TrackInvalidError) as refused:
        parse([{}])
    assert str(refused.value) == (
        'plans/shop.json: ticket 1: missing key "id"\n'
        'plans/shop.json: ticket 1: missing key "description"'
    )


def test_long_words_are_cut_where_they_are_quoted() -> None:
    (found,) = problems([ONE, {"id": "x" * 500, "prompt": "y"}])
    assert len(found) < 300


# --- archetypes ---------------------------------------------------------------------------------


def test_an_archetype_that_nobody_configured_is_a_problem() -> None:
    spec = parse([ONE, ONE | {"id": "T2", "assigned_to": "clerk"}])
    assert check_archetypes(spec, {"clerk"}) == []
    (problem,) = check_archetypes(spec, {"cook"})
    assert problem == (
        'ticket 2 ("T2").assigned_to: no archetype "clerk" in the configuration'
        " (known: cook, unassigned)"
    )
