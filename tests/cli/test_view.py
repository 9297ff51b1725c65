"""`trackside view FILE`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main

SOURCE = b"class A:\n    '''D\xc3\xb6c.'''\n    def f(self):\n        return 1\n"
LIMIT_S = 20


def test_a_python_file_is_shown_as_a_skeleton(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(SOURCE)
    assert main(["view", str(path)]) == 0
    out, err = capfdbinary.readouterr()
    assert out == b"class A:\n def f(self): pass\n"
    assert err.decode() == f"{path}: skeleton, 9 tokens of 22 (59 bytes)\n"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--mode", "raw"], SOURCE),
        (["--mode", "curated"], SOURCE.replace(b"return 1", b"... # Hidden")),
        (["--mode", "outline"], "A class 1-4 Döc.\nA.f method 3-4\n".encode()),
        (["--symbol", "A.f"], b"class A:\n    def f(self):\n        return 1\n"),
    ],
)
def test_other_modes(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], flags: list[str], expected: bytes
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(SOURCE)
    assert main(["view", str(path), *flags]) == 0
    assert capfdbinary.readouterr()[0] == expected


def test_other_files_are_raw(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\r\n")
    assert main(["view", str(path)]) == 0
    out, err = capfdbinary.readouterr()
    assert out == b"\xff\r\n"
    assert err.endswith(b"; it is not UTF-8 (byte 0xff at offset 0)\n")


def test_json_has_view_and_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(SOURCE)
    assert main(["view", str(path), "--json", "--mode", "curated"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "code": "viewed",
        "path": str(path),
        "mode": "curated",
        "note": "",
        "text": SOURCE.decode().replace("return 1", "... # Hidden"),
        "tokens": 23,
        "original_tokens": 22,
        "original_bytes": 59,
    }
    assert err == ""


@pytest.mark.parametrize("name", ["folder", "missing", "pipe", "binary", "large", "/dev/zero"])
def test_what_cannot_be_viewed_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(b"\x7fELF\0")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(100_000_000)
    assert main(["view", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("trackside: cannot view ")
    assert err.count("\n") == 1


def test_unknown_symbols_and_clashing_flags_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(SOURCE)
    assert main(["view", str(path), "--symbol", "A.g"]) == 2
    assert "did you mean A.f" in capsys.readouterr().err
    assert main(["view", str(path), "--symbol", "A.f", "--mode", "curated"]) == 2
    assert "leave out --mode" in capsys.readouterr().err


def test_a_terminal_gets_nothing_that_acts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"safe\x1b[2J\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["view", str(path)]) == 0
    assert capsys.readouterr().out == "safe\\x1b[2J\n"


def test_it_works_outside_of_any_repository_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.py"
    path.write_bytes(b"x = 1  # words\n" * 4_000_000)
    script = Path(sys.executable).with_name("trackside")
    limited = f"ulimit -v 1000000; exec {script} view {path}"
    told = subprocess.run(
        ["/bin/sh", "-c", limited], cwd=tmp_path, capture_output=True, timeout=LIMIT_S, check=False
    )
    assert told.returncode == 0
    assert told.stdout.startswith(b"# trackside: it is larger than 2,097,152 bytes; head and tail")
