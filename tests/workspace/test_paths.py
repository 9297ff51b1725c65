"""No path leads out of the worktree."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace import files, paths
from workspace.errors import FileRefusedError, PathRefusedError, ToolError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "repo"
    (made / "src").mkdir(parents=True)
    (made / "src/app.py").write_bytes(b"inside")
    (tmp_path / "repo-evil").mkdir()
    (tmp_path / "repo-evil/secret").write_bytes(b"outside")
    (tmp_path / "secret").write_bytes(b"outside")
    return made


@pytest.mark.parametrize(
    "path",
    [
        "", " ", ".", "./", "/etc/passwd", "..", "../secret", "a/../../secret", "src/../app.py",
        "~", "~/x", "~root/x", "a\0b", "\ud800", "x" * 5000, "x/" * 3000, "é" * 200,
        ".git/config", "a/.GIT/hooks/x", ".Git", ".trackside/runs", "a/.git", "git~1/config",
        "../repo-evil/secret",
    ],
)  # fmt: skip
def test_a_path_that_breaks_a_rule_is_refused_by_its_text_alone(path: str) -> None:
    with pytest.raises(PathRefusedError, match="is refused: it "):
        paths.plain(path)


def test_a_plain_path_has_one_form() -> None:
    assert paths.plain("./src//./app.py") == "src/app.py"
    assert paths.plain("..hidden/...") == "..hidden/..."


@pytest.mark.parametrize("path", [".gitmodules", "a/.VSCode/tasks.json", "trackside.toml"])
def test_what_steers_other_programs_is_read_but_not_written(path: str) -> None:
    assert paths.plain(path) == path
    with pytest.raises(PathRefusedError, match="steers other programs"):
        paths.plain_for_writing(path)


def test_a_long_path_is_named_shortened() -> None:
    with pytest.raises(PathRefusedError) as refused:
        paths.plain("x" * 5000)
    assert len(str(refused.value)) < 300


def test_a_symlink_that_stays_inside_may_be_read_but_not_written_through(root: Path) -> None:
    (root / "link").symlink_to("src/app.py")
    (root / "folder").symlink_to("src")
    (root / "src/up").symlink_to("./../folder//app.py")
    for path in ("link", "folder/app.py", "src/up"):
        assert files.read(root, path) == b"inside"
        with pytest.raises(PathRefusedError, match="symlink"):
            files.current(root, path)


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../secret", "src/../../secret", "../repo/src/app.py", ".git/config"]
)
def test_a_symlink_that_leaves_the_worktree_is_refused(root: Path, target: str) -> None:
    (root / ".git").mkdir()
    (root / ".git/config").touch()
    (root / "link").symlink_to(target)
    with pytest.raises(PathRefusedError, match="symlink"):
        files.read(root, "link")


def test_a_folder_that_is_a_symlink_to_outside_leads_nowhere(root: Path) -> None:
    (root / "out").symlink_to("../repo-evil")
    with pytest.raises(PathRefusedError):
        files.read(root, "out/secret")
    with pytest.raises(PathRefusedError, match="'out' on the way is a symlink"):
        files.write(root, "out/new", b"", None)
    assert [file.name for file in (root.parent / "repo-evil").iterdir()] == ["secret"]


def swap_after(
    monkeypatch: pytest.MonkeyPatch, look: str, name: str, path: Path, target: str
) -> None:
    """Have `path` become a link to `target` as soon as somebody has looked at its name."""
    real = getattr(os, look)

    def looking(*args: Any, **named: Any) -> Any:  # noqa: ANN401  # whatever it is given
        try:
            return real(*args, **named)
        finally:
            if args[0] == name and not path.is_symlink():
                path.rename(path.with_suffix(".away"))
                path.symlink_to(target)

    monkeypatch.setattr(os, look, looking)


def test_a_folder_that_becomes_a_link_after_the_look_leads_nowhere(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "src/secret").write_bytes(b"inside")
    with monkeypatch.context() as patch:
        swap_after(patch, "readlink", "src", root / "src", "../repo-evil")
        with pytest.raises(ToolError):
            files.read(root, "src/secret")
    (root / "lib").mkdir()
    with monkeypatch.context() as patch:
        swap_after(patch, "stat", "lib", root / "lib", "../repo-evil")
        with pytest.raises(OSError, match="Not a directory"):
            files.write(root, "lib/new", b"", None)
    assert [file.name for file in (root.parent / "repo-evil").iterdir()] == ["secret"]


@pytest.mark.parametrize("look", ["readlink", "stat"])
def test_a_file_that_becomes_a_link_after_the_look_is_not_read(
    root: Path, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    swap_after(monkeypatch, look, "app.py", root / "src/app.py", "../../secret")
    with pytest.raises((ToolError, OSError), match=r"symlink|symbolic links"):
        files.read(root, "src/app.py")


def test_symlinks_in_a_circle_are_refused(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(PathRefusedError, match="circle"):
        files.read(root, "a")


def test_a_symlink_that_ends_at_a_folder_is_a_folder(root: Path) -> None:
    (root / "here").symlink_to("src/..")
    (root / "there").symlink_to("src/")
    for path in ("here", "there"):
        with pytest.raises(FileRefusedError, match="is a folder"):
            files.read(root, path)


def test_a_file_on_the_way_is_no_folder(root: Path) -> None:
    with pytest.raises(FileRefusedError, match="does not exist"):
        files.read(root, "src/app.py/x")
    with pytest.raises(FileRefusedError, match="is not a folder"):
        files.current(root, "src/app.py/x")


def test_a_dangling_symlink_reads_as_missing(root: Path) -> None:
    (root / "link").symlink_to("nowhere")
    with pytest.raises(FileRefusedError, match="does not exist"):
        files.read(root, "link")


def test_a_system_s_refusal_on_the_way_is_not_hidden(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> str:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "readlink", failing)
    with pytest.raises(OSError, match="Input/output error"):
        files.read(root, "src/app.py")


@given(
    st.lists(
        st.sampled_from(["src", "app.py", "..", ".", "", "out", "up", "secret", "~", ".git", "\0"])
        | st.text(max_size=5),
        max_size=6,
    )
)
def test_no_path_whatever_reads_anything_outside(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    base = tmp_path_factory.getbasetemp() / "fenced"
    root = base / "repo"
    if not base.exists():
        (root / "src").mkdir(parents=True)
        (root / "src/app.py").write_bytes(b"inside")
        (base / "secret").write_bytes(b"outside")
        (root / "out").symlink_to("..")
        (root / "up").symlink_to("../secret")
    try:
        data = files.read(root, paths.plain("/".join(names)))
    except ToolError:
        return
    assert data == b"inside"
