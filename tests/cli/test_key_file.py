"""A key can be kept in a file; it is there for this process alone, and for as long as it lasts."""

from pathlib import Path

import pytest

from cli.errors import InputUnreadableError
from cli.key_file import keys_from_files
from cli.main import main


def test_a_file_that_is_named_gives_its_key_for_a_while(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("  from-a-file\n")
    environment = {"GEMINI_API_KEY_FILE": str(tmp_path / "key"), "GEMINI_API_KEY": " "}
    before = dict(environment)
    with keys_from_files(environment):
        assert environment["GEMINI_API_KEY"] == "from-a-file"
    assert environment == before


def test_a_key_that_is_set_itself_wins() -> None:
    environment = {"GEMINI_API_KEY_FILE": "/nowhere", "GEMINI_API_KEY": "set"}
    with keys_from_files(environment):
        assert environment["GEMINI_API_KEY"] == "set"


@pytest.mark.parametrize("content", [b"", b" \n", b"two words\n", b"two\nlines\n", b"\xff\xfe"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with (
        pytest.raises(InputUnreadableError, match="holds no key"),
        keys_from_files({"GOOGLE_API_KEY_FILE": str(tmp_path / "key")}),
    ):
        pass


def test_a_file_that_is_missing_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY_FILE", "/nowhere/key")
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err == "trackside: /nowhere/key: there is no such file\n"
