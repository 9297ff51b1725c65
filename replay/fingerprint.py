"""By which program a state was kept: another one may fold, or write states, in another way."""

import hashlib
from functools import cache
from pathlib import Path

import msgspec

import events
import store

_CODEC = Path(__file__).with_name("world_codec.py")


@cache
def fingerprint() -> str:
    """Return the digest of all code that a fold and its log depend on, and of the states' codec."""
    hasher = hashlib.sha256(msgspec.__version__.encode())
    for path in (*_code_beside(events.__file__), *_code_beside(store.__file__), _CODEC):
        hasher.update(path.name.encode() + path.read_bytes())
    return hasher.hexdigest()


def _code_beside(path: str) -> list[Path]:
    return sorted(Path(path).parent.rglob("*.py"))
