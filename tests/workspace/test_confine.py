"""The script that confines itself, in threads of their own: the kernel confines them alone."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from workspace import confine
from workspace.landlock import LEAST_ABI, landlock
from workspace.places import system_places

NEWEST = 7
"""The newest version of Landlock that we know something of."""
PLENTY = 2**30

pytestmark = pytest.mark.skipif(
    confine.abi() < LEAST_ABI and not os.environ.get("CI"), reason="this kernel has no Landlock"
)


def in_a_thread(work: Callable[[], None]) -> BaseException | None:
    """Return how `work` failed, if it did."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is handed on
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return failed[0] if failed else None


@pytest.fixture
def land(tmp_path: Path) -> Path:
    for name in ("tree", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "secret").write_text("x")
    return tmp_path


@pytest.mark.parametrize("abi", range(LEAST_ABI, NEWEST + 1))
def test_a_thread_keeps_to_what_it_is_given_back(land: Path, abi: int) -> None:
    if abi > confine.abi():
        pytest.skip(f"this kernel has Landlock {confine.abi()}")
    made = landlock(abi, os.uname().machine, system_places(), network=False)
    words = made.argv("true", land / "tree", land / "home")[4:]
    files, network, scopes, steps, *_ = words
    rights = [*words[7 : words.index("--")], "4:/not/there", f"4:{land}/secret/below"]

    def work() -> None:
        confine.confine(int(files), int(network), int(scopes), bytes.fromhex(steps), rights)
        (land / "tree" / "file").write_text("x")
        assert Path("/etc/passwd").read_text()
        with pytest.raises(PermissionError):
            (land / "secret").read_text()
        with pytest.raises(PermissionError):
            (land / "new").write_text("x")
        with pytest.raises(PermissionError):
            socket.socket(socket.AF_UNIX)

    assert in_a_thread(work) is None


def test_a_step_that_the_kernel_refuses_is_an_error() -> None:
    with pytest.raises(OSError, match="No message of desired type"):
        raise in_a_thread(lambda: confine.confine(0, 0, 0, b"", [])) or AssertionError


def test_limits_are_set_as_far_as_they_can_be() -> None:
    script = (
        "import resource; from workspace import confine\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (30, 50))\n"
        "confine.limit(1000, 100, 1000000)\n"
        "for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):\n"
        "    print(*resource.getrlimit(kind))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    files, sizes, processes = (line.split() for line in result.stdout.splitlines())
    assert files == [b"50", b"50"]
    assert sizes == [b"1000000", b"1000000"]
    assert int(processes[0]) > 1000


def test_nothing_is_run_where_it_cannot_confine(tmp_path: Path) -> None:
    words = ["0", "0", "0", "", *[str(PLENTY)] * 3, "--", "/usr/bin/touch", str(tmp_path / "ran")]
    result = subprocess.run(
        [sys.executable, "-P", confine.__file__, *words], capture_output=True, check=False
    )
    assert result.returncode == 126
    assert result.stderr.startswith(b"trackside: nothing was run, the sandbox failed: [Errno")
    assert not (tmp_path / "ran").exists()
