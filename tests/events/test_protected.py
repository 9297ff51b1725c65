"""A protected name is known in every spelling that some file system takes for it."""

import pytest

from events.paths import path_problem
from events.protected import PROTECTED_NAMES, protected_part

SPELLINGS = (
    ".VSCode", ".vscode.", ".vscode ", ".vscode. .", ".vscode::$INDEX_ALLOCATION", ".vscode:x",
    ".v\u200cscode", "\ufeff.vscode", ".v\u017fcode", "VSCODE~1", "vscode~4", "MCP~1.JSO",
    "TRACKS~1.TOM", "Bash_P~1", ".Git", "GIT~1", ".g\u200dit", ".git:x", ".trackside",
)  # fmt: skip
HARMLESS = (
    "vscode", ".vscode2", "x.vscode", ".gitignore", ".gitattributes", ".github", "~", "a~1",
    "vscode~", "vscode~10", "profile.py", "trackside.py", ".", "..", "", ":", ".:x",
)  # fmt: skip


@pytest.mark.parametrize("name", [*SPELLINGS, *sorted(PROTECTED_NAMES)])
def test_a_protected_name_is_found_at_any_depth(name: str) -> None:
    assert protected_part(name) == name
    assert protected_part(f"a/b/{name}/c/d") == name
    assert protected_part(f"a\\{name}") == name


@pytest.mark.parametrize("name", HARMLESS)
def test_other_names_are_left_in_peace(name: str) -> None:
    assert protected_part(f"a/{name}/b") == ""


@pytest.mark.parametrize("name", [".Git", "GIT~1", ".git:x", ".git::$INDEX_ALLOCATION", ".git. ."])
def test_no_path_leads_into_git_by_another_spelling(name: str) -> None:
    assert path_problem(f"{name}/config") == "reaches into .git or .trackside"
