"""Words for playbooks: turns, and the calls in them."""

from tests.end_to_end.project import Json


def turn(*calls: Json, text: str = "", expect: tuple[str, ...] = ()) -> Json:
    return {"text": text, "calls": list(calls), "expect": list(expect)}


def done(*expect: str) -> Json:
    """The last turn of an attempt."""
    return turn(finish(), expect=expect)


def call(tool: str, **arguments: object) -> Json:
    return {"tool": tool, "args": arguments}


def write(path: str, content: str) -> Json:
    return call("write_file", path=path, content=content)


def command(text: str) -> Json:
    return call("run_command", command=text)


def finish(summary: str = "It is done.") -> Json:
    return call("finish", summary=summary)


def hint(match: str, words: str) -> Json:
    return {"match": match, "hint": words}
