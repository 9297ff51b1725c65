"""The schemas that models are given."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace import tool_schemas
from workspace.errors import ToolError
from workspace.tool_schemas import ReadFile, RunCommand, WriteFile, decoded_arguments, specs


def test_the_table_is_the_one_that_was_promised() -> None:
    assert {tool.name: tool.effect for tool in tool_schemas.TOOLS} == {
        "read_file": "read", "view_file": "read", "list_files": "read", "search_text": "read",
        "read_output": "read", "write_file": "write", "replace_text": "write",
        "delete_file": "write", "move_file": "write", "run_command": "command",
        "finish": "none", "give_up": "none",
    }  # fmt: skip


def test_a_schema_is_one_plain_object_and_always_the_same() -> None:
    for spec in specs():
        schema = msgspec.json.decode(spec.parameters)
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        assert not {"$ref", "$defs", "anyOf", "null"} & set(spec.parameters.split('"'))
    assert specs() == specs()
    assert len(specs()) == len(tool_schemas.TOOLS)


def test_a_schema_tells_the_bounds() -> None:
    read = msgspec.json.decode(specs()[0].parameters)
    assert read["required"] == ["path"]
    assert list(read["properties"]) == ["path", "start_line", "end_line"]
    assert read["properties"]["start_line"]["minimum"] == 1
    assert read["properties"]["start_line"]["type"] == "integer"


def test_a_shorter_list_keeps_the_order_and_the_two_ends() -> None:
    names = [spec.name for spec in specs(("write_file", "read_file"))]
    assert names == ["read_file", "write_file", "finish", "give_up"]


def test_numbers_may_come_as_text() -> None:
    _, arguments = decoded_arguments("read_file", '{"path":"a","start_line":"3","end_line":4.0}')
    assert arguments == ReadFile("a", 3, 4)
    _, arguments = decoded_arguments("run_command", '{"command":"ls","timeout_s":null}')
    assert arguments == RunCommand("ls")


@pytest.mark.parametrize(
    ("tool", "text", "reason"),
    [
        ("rm", "{}", "there is no tool 'rm'; the tools are read_file, write_file, finish, give_up"),
        ("run_command", '{"command":"ls"}', "there is no tool 'run_command'"),
        ("read_file", "", "Input data was truncated"),
        ("read_file", "[]", "Expected `object`"),
        ("read_file", "{}", "missing required field `path`"),
        ("read_file", '{"path":5}', "Expected `str`, got `int`"),
        ("read_file", '{"path":"a","mode":"r"}', "unknown field `mode`"),
        ("read_file", '{"path":"a","start_line":0}', "Expected `int` >= 1"),
        ("read_file", '{"path":"a","start_line":"x"}', "start_line"),
        ("read_file", '{"path":"\\ud800"}', "are not right"),
        ("read_file", '{"path":"\ud800"}', "are not right"),
        ("read_file", '{"path":' + "[" * 200_000, "are not right"),
        ("read_file", '{"path":"a","path2":' + "[" * 200_000 + "}", "are not right"),
    ],
)
def test_a_call_that_is_not_right_is_refused_in_a_clear_word(
    tool: str, text: str, reason: str
) -> None:
    with pytest.raises(ToolError) as refused:
        decoded_arguments(tool, text, ("read_file", "write_file"))
    assert reason in str(refused.value)


@given(st.text())
def test_canonical_arguments_come_back_the_same(content: str) -> None:
    arguments = WriteFile("a", content)
    text = tool_schemas.canonical(arguments).decode()
    assert decoded_arguments("write_file", text)[1] == arguments
