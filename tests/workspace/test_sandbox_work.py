"""Ordinary work goes on in a sandbox: tests run, toolchains are there, limits are wide enough."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events.settings import SandboxSettings
from tests.workspace.levels import CONFINING, Level, level_here
from workspace.bubblewrap import Bubblewrap, bubblewrap
from workspace.command import CommandResult, CommandRunner
from workspace.environment import command_environment
from workspace.places import system_places
from workspace.sandbox import FILE_BYTES, OPEN_FILES, PROCESSES

PATIENCE_S = 50.0
NOBODY = 65534
PYTHON = f"{sys.base_prefix}/bin/python3"

TESTS = """
import unittest
from adder import add
class AdderTest(unittest.TestCase):
    def test_it_adds(self):
        self.assertEqual(add(1, 2), 3)
"""

Run = Callable[..., CommandResult]


@pytest.fixture(params=CONFINING)
def level(request: pytest.FixtureRequest) -> Level:
    found: Level = request.param
    return found


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@pytest.fixture
def run(worktree: Path, level: Level) -> Iterator[Run]:
    runners = []

    def run(command: str, **settings: object) -> CommandResult:
        sandbox = level_here(level, SandboxSettings(**settings))  # type: ignore[arg-type]
        runner = CommandRunner(sandbox)
        runners.append(runner)
        environment = command_environment(worktree, worktree.with_name("home"))
        return runner.run(command, worktree, environment, PATIENCE_S, "c1").result(PATIENCE_S)

    yield run
    for runner in runners:
        runner.close()


def test_a_project_runs_its_tests_with_the_python_on_the_path(run: Run, worktree: Path) -> None:
    (worktree / "adder.py").write_text("def add(a, b):\n    return a + b\n")
    (worktree / "test_adder.py").write_text(TESTS)
    result = run("python3 -m unittest")
    assert result.ok, result.output
    assert b"Ran 1 test" in result.output


def test_a_project_runs_pytest_from_an_environment_that_it_may_read(
    run: Run, worktree: Path
) -> None:
    (worktree / "test_one.py").write_text("def test_one(tmp_path, capsys):\n    assert tmp_path\n")
    result = run(f"{sys.executable} -m pytest -q", read_only=(sys.prefix,))
    assert result.ok, result.output
    assert b"1 passed" in result.output


def test_files_folders_links_and_pipes_can_be_made(run: Run, worktree: Path) -> None:
    result = run(
        "mkdir -p a/b; echo x > a/b/file; ln a/b/file a/hard; ln -s a soft; mkfifo pipe;"
        " mv a/b/file file; cp file $HOME/; cat $HOME/file; echo y > $TMPDIR/y; chmod 755 file;"
        " echo > /dev/null; head -c 1 /dev/urandom | wc -c; rm -r a; ls"
    )
    assert result.ok
    assert result.output == b"x\n1\nfile\npipe\nsoft\n"
    assert (worktree / "file").read_text() == "x\n"


def test_git_works_in_a_repository_that_the_command_makes(run: Run) -> None:
    result = run(
        "git init -q x && cd x && git -c user.name=a -c user.email=b@c commit -q"
        " --allow-empty -m first && git log --format=%s"
    )
    assert result.output == b"first\n"


def test_processes_of_one_command_talk_to_each_other(run: Run) -> None:
    script = (
        "import asyncio, socket\n"
        "one, other = socket.socketpair()\n"
        "one.send(b'x'); assert other.recv(1) == b'x'\n"
        "asyncio.run(asyncio.sleep(0))\n"
    )
    assert run(f'{PYTHON} -c "{script}"').ok


def test_pools_of_processes_need_shared_memory(run: Run, level: Level) -> None:
    pool = f"{PYTHON} -c 'import multiprocessing as m; print(m.Pool(2).map(abs, [-1]))'"
    assert run(pool).ok == (level == "bwrap")
    assert run(pool, writable=("/dev/shm",)).ok


def test_a_place_that_the_user_names_can_be_written(run: Run, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (tmp_path / "link").symlink_to(shared)
    result = run(
        f"echo 1 > {tmp_path}/link/one; echo 2 > {shared}/two", writable=(str(tmp_path / "link"),)
    )
    assert result.ok, result.output
    assert sorted(each.name for each in shared.iterdir()) == ["one", "two"]


def test_with_the_network_allowed_it_is_there_and_daemons_are_not(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(tmp_path / "daemon"))
        daemon.listen()
        port = tcp.getsockname()[1]
        connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        assert run(f'{PYTHON} -c "{connect}"', network=True).ok
        assert run(f'{PYTHON} -c "import socket; socket.getaddrinfo(None, 80)"', network=True).ok
        ask = f"import socket; socket.socket(socket.AF_UNIX).connect('{tmp_path}/daemon')"
        assert not run(f'{PYTHON} -c "{ask}"', network=True).ok


def test_a_worktree_behind_a_symlink_works_by_both_names(level: Level, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    worktree = tmp_path / "link" / "tree"
    worktree.mkdir()
    runner = CommandRunner(level_here(level))
    command = f"echo x > one; echo y > {tmp_path}/real/tree/two; ls"
    environment = command_environment(worktree, tmp_path / "link" / "home")
    result = runner.run(command, worktree, environment, PATIENCE_S, "c1").result(PATIENCE_S)
    runner.close()
    assert result.output == b"one\ntwo\n"


# --- limits -------------------------------------------------------------------------------------


def test_a_file_cannot_fill_the_disk(run: Run) -> None:
    assert not run(f"truncate -s {FILE_BYTES + 1} big").ok
    assert run(f"truncate -s {FILE_BYTES} big && rm big").ok


def test_processes_and_open_files_are_limited(run: Run, level: Level) -> None:
    limits = run("cat /proc/self/limits").output.decode().splitlines()
    found = {line[:26].strip(): line[26:47].strip() for line in limits}
    processes = int(found["Max processes"])
    assert processes >= PROCESSES if level == "landlock" else processes == PROCESSES
    assert int(found["Max open files"]) <= OPEN_FILES


def test_neither_privileges_nor_capabilities_are_left(run: Run) -> None:
    lines = run("grep -E 'NoNewPrivs|CapPrm|CapEff|CapInh|CapAmb' /proc/self/status").output
    values = [line.split()[1] for line in lines.decode().splitlines()]
    assert sorted(values) == [*["0" * 16] * 4, "1"]


def test_endless_output_is_measured_and_not_kept(run: Run) -> None:
    size = 50_000_000
    result = run(f"head -c {size} /dev/zero")
    assert result.output_bytes == size
    assert len(result.output) < 9 * 1024 * 1024


@pytest.fixture
def ours_and_nobodys() -> Iterator[Path]:
    """Return a folder that an ordinary user can work in, also where the tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        for part in ("tree", "home"):
            (folder / part).mkdir()
            (folder / part).chmod(0o777)
        yield folder


def test_a_fork_bomb_of_an_ordinary_user_meets_the_limit(ours_and_nobodys: Path) -> None:
    sandbox = level_here("bwrap")
    assert isinstance(sandbox, Bubblewrap)
    plain = bubblewrap(sandbox.program, system_places(), network=False)
    bomb = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); sleep 1000 & done"
    argv = plain.argv(bomb, ours_and_nobodys / "tree", ours_and_nobodys / "home")
    result = subprocess.run(
        [word.replace(str(PROCESSES), "40") for word in argv],
        user=NOBODY if os.geteuid() == 0 else None,
        group=NOBODY if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert result.returncode != 0
    assert b"fork" in result.stderr
