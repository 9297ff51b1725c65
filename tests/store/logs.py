"""A whole log, read as everybody reads one."""

from collections.abc import Iterator
from pathlib import Path

from store.codec import Codec
from store.log import Recorded
from store.reader import LogReader


def read_log(path: Path, codec: Codec) -> Iterator[Recorded]:
    """Give every record of the log at `path`, in order."""
    with LogReader(path, codec) as reader:
        yield from reader
