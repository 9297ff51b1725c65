"""What stands for secrets in what people and models see of files, and the way back into the file.

Pure. A form of a secret has a placeholder of its own, so that an edit can put the secret back that
the file holds there; a key that is known by its name cannot be put back, and is never written.
"""

from typing import Final

from events.secret_patterns import Redact, placeholders_in, secrets_of
from workspace.encoding import binary_kind, decoded, encoded
from workspace.errors import SecretRefusedError

EXPLANATION: Final = (
    "[secret:...] stands for a secret: write it as it is, and the file keeps the secret"
)


def hidden(path: str, data: bytes, redact: Redact) -> bytes:
    """Return a file's bytes with placeholders, in its own encoding; a binary file stays as it is.

    The very same object comes back if there is nothing to hide.
    """
    if binary_kind(data) is not None:
        return data
    if data.isascii() and redact(plain := data.decode()) == plain:
        return data  # most files; how they are encoded can wait
    text, form = decoded(path, data)
    shown = redact(text)
    return data if shown == text else encoded(path, shown, form)


def explained(shown: str) -> str:
    """Return what a model must know of a text that shows placeholders; empty if it shows none."""
    return EXPLANATION if "[secret:" in shown else ""


def put_back(path: str, written: str, before: bytes | None) -> str:
    """Return `written` with the secrets that its placeholders stand for in the file at `path`.

    Args:
        path: The file that is to be changed.
        written: What somebody who saw the file with placeholders wants it to hold.
        before: What it holds now; None: there is no file.

    Raises:
        SecretRefusedError: a placeholder stands for nothing, or for several things in the file.
    """
    wanted = placeholders_in(written)
    if not wanted:
        return written
    text = decoded(path, before)[0] if before and binary_kind(before) is None else ""
    held = secrets_of(text)
    for placeholder in wanted:
        meanings = [*held.get(placeholder, ()), *([placeholder] if placeholder in text else [])]
        if len(meanings) != 1:
            raise SecretRefusedError(path, placeholder, len(meanings))
        written = written.replace(placeholder, meanings[0])
    return written


def require_no_secret(what: str, text: str) -> None:
    """Check that a command or a path holds no placeholder: there it stands for nothing.

    Raises:
        SecretRefusedError: it does.
    """
    found = placeholders_in(text)
    if found:
        raise SecretRefusedError(what, found[0], 0)
