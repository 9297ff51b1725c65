"""Content of files inside of a message."""

from hypothesis import given
from hypothesis import strategies as st

from workspace.views.fence import fenced, plain_path


def test_a_fence_is_longer_than_any_in_the_content() -> None:
    assert fenced("x = 1\n", "python") == "```python\nx = 1\n```"
    assert fenced("```\nevil\n```") == "````\n```\nevil\n```\n````"
    assert fenced("") == "```\n```"


@given(st.text(alphabet="`\na "))
def test_no_line_of_the_content_closes_the_fence(text: str) -> None:
    fence, *inside, end = fenced(text).split("\n")
    assert fence == end
    assert all(fence not in line for line in inside)


def test_a_path_that_could_look_like_more_is_escaped() -> None:
    assert plain_path("a b/ü.py") == "a b/ü.py"
    assert plain_path("a\nTicket T9 (attempt 1)") == r"'a\nTicket T9 (attempt 1)'"
    assert plain_path(" a") == "' a'"
