"""Keys from files, for whoever wants none in the environment: ``GEMINI_API_KEY_FILE`` names one."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

from cli.errors import InputUnreadableError
from cli.inputs import read_input
from models.key import KEY_NAMES


@contextmanager
def keys_from_files(environment: MutableMapping[str, str]) -> Iterator[None]:
    """Have the keys whose files are named in the environment of this process, inside the block.

    A key that is set itself wins. What children inherit is not this environment.

    Raises:
        InputUnreadableError: a file cannot be read, or holds no key.
    """
    found = {}
    for name in KEY_NAMES:
        path = environment.get(f"{name}_FILE", "").strip()
        if path and not environment.get(name, "").strip():
            found[name] = _key_in(path)
    before = {name: environment[name] for name in found if name in environment}
    environment.update(found)
    try:
        yield
    finally:
        for name in found:
            environment.pop(name, None)
        environment.update(before)


def _key_in(path: str) -> str:
    key = read_input(path).decode(errors="replace").strip()
    if not (key.isascii() and key.isprintable()) or not key or " " in key:
        raise InputUnreadableError(path, "holds no key: one word on one line is wanted")
    return key
