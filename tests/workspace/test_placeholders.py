"""Secrets of files have placeholders where they are shown, and edits put them back."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.secret_patterns import without_secrets
from tests.events.test_secret_patterns import PLANTED
from workspace.errors import EditRefusedError, SecretRefusedError
from workspace.files import Current
from workspace.placeholders import explained, hidden, put_back
from workspace.tool_schemas import MoveFile, ReplaceText, WriteArguments, WriteFile
from workspace.writing import planned

ONE, TWO = "ghp_" + "a1B2c3D4e5F6" * 3, "ghp_" + "f6E5d4C3b2A1" * 3
FILE = f"one = '{ONE}'\r\ntwo = '{TWO}'\r\nname = 'grün'\r\n"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "latin-1"]


def edited(arguments: WriteArguments, before: bytes | None) -> bytes:
    """Return the bytes of the file after the edit."""
    current = None if before is None else Current(before, 0o644)
    after = planned(arguments, lambda _: current).changes[-1].after
    assert after is not None
    return after


def shown(text: str) -> str:
    """Return what a model reads of a text file."""
    return without_secrets(text.replace("\r\n", "\n"))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_is_shown_in_its_own_encoding(encoding: str) -> None:
    data = FILE.encode(encoding)
    told = hidden("a.txt", data, without_secrets)
    assert told.decode(encoding) == without_secrets(FILE)
    assert ONE not in told.decode(encoding)


@pytest.mark.parametrize("data", [b"", b"plain", f"{ONE}\0".encode(), b"\x89PNG" + ONE.encode()])
def test_a_file_with_nothing_to_hide_is_the_same_object(data: bytes) -> None:
    assert hidden("a", data, without_secrets) is data


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_written_as_it_was_shown_keeps_its_secrets(encoding: str) -> None:
    before = FILE.encode(encoding)
    content = shown(FILE).replace("name", "title")
    assert edited(WriteFile("a.txt", content), before) == FILE.replace("name", "title").encode(
        encoding
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_replacement_finds_and_keeps_the_secrets_that_it_spans(encoding: str) -> None:
    first, second = shown(FILE).split("\n")[:2]
    arguments = ReplaceText("a.txt", f"{first}\n{second}", f"{second}\n{first}  # old")
    one, two = FILE.split("\r\n")[:2]
    expected = FILE.replace(f"{one}\r\n{two}", f"{two}\r\n{one}  # old")
    assert edited(arguments, FILE.encode(encoding)) == expected.encode(encoding)


def test_a_secret_can_be_taken_out() -> None:
    first = shown(FILE).split("\n", maxsplit=1)[0]
    arguments = ReplaceText("a.txt", first, "one = os.environ['ONE']")
    after = edited(arguments, FILE.encode()).decode()
    assert ONE not in after
    assert TWO in after


@pytest.mark.parametrize(
    ("content", "before"),
    [
        (shown(f"key = {ONE}"), None),
        (shown(f"key = {ONE}"), b""),
        (shown(f"key = {ONE}"), b"key = \n"),
        (shown(f"key = {ONE}"), f"\0{ONE}".encode()),
        (shown(f"key = {ONE}"), f"key = {TWO}".encode()),
        ("key = [secret:GEMINI_API_KEY]", b"key = \n"),
    ],
)
def test_a_placeholder_that_the_file_knows_nothing_of_is_refused(
    content: str, before: bytes | None
) -> None:
    with pytest.raises(SecretRefusedError, match="stands for no secret that is there") as told:
        edited(WriteFile("app.py", content), before)
    words = str(told.value)
    assert "\n" not in words
    assert all(each in words for each in ("'app.py'", "[secret:", "replace_text", "environment"))


def test_a_replacement_with_an_unknown_placeholder_is_refused() -> None:
    unknown = shown(f"ghp_{'z9Y8x7W6v5U4' * 3}")
    for arguments in (ReplaceText("a", unknown, "x"), ReplaceText("a", "name", unknown)):
        with pytest.raises(SecretRefusedError):
            edited(arguments, FILE.encode())


def test_no_file_is_named_by_a_placeholder() -> None:
    for arguments in (WriteFile(shown(ONE), ""), MoveFile("a.txt", shown(ONE))):
        with pytest.raises(SecretRefusedError):
            planned(arguments, lambda path: Current(b"", 0o644) if path == "a.txt" else None)


@pytest.mark.parametrize("words", ["[secret:GEMINI_API_KEY]", shown(ONE), "[secret:NAME]"])
def test_a_file_that_holds_the_words_of_a_placeholder_keeps_them(words: str) -> None:
    before = f"keys look like {words} on the screen\n"
    after = edited(WriteFile("a.md", before.replace("look", "are shown")), before.encode())
    assert after.decode() == before.replace("look", "are shown")


def test_words_that_only_look_like_a_placeholder_are_written() -> None:
    content = "[secret:...], [secret:NAME], [secret:github-token] and [secret:x:12345] are words"
    assert edited(WriteFile("a.md", content), None).decode() == content


def test_a_placeholder_of_several_meanings_is_refused() -> None:
    before = f"{ONE} is shown as {shown(ONE)}\n".encode()
    with pytest.raises(SecretRefusedError, match="2 different texts"):
        put_back("a.md", shown(ONE), before)


def test_two_secrets_whose_digests_begin_alike_are_refused() -> None:
    seen: dict[str, str] = {}
    made = (f"ghp_{number:036d}" for number in count())
    one, other = next(
        (seen[name], each) for each in made if seen.setdefault(name := shown(each), each) != each
    )
    with pytest.raises(SecretRefusedError, match="2 different texts"):
        put_back("a.txt", shown(one), f"{one}\n{other}\n".encode())


def test_a_miss_says_nothing_of_the_secret() -> None:
    with pytest.raises(EditRefusedError) as told:
        edited(ReplaceText("a.txt", f"three = '{shown(ONE)}'", "x"), FILE.encode())
    assert ONE not in str(told.value)


def test_a_model_is_told_what_it_sees() -> None:
    assert "[secret:...]" in explained(shown(FILE))
    assert explained("plain") == ""


NOISE = st.text(st.sampled_from("aß1 \n\r'\"=\\:")) | st.just("\r\n")


@given(st.lists(NOISE | PLANTED | st.sampled_from([f"\n{ONE}\n", f"'{TWO}'"])).map("".join))
def test_a_file_that_is_written_back_as_it_is_shown_is_the_file(text: str) -> None:
    before = text.encode()
    told = hidden("a.txt", before, without_secrets).decode()
    assert put_back("a.txt", told, before) == text
