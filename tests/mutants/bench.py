"""A copy of the sources with an environment of its own, in which mutations are made and tried."""

import os
import re
import shlex
import shutil
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.mutants.table import ROOT, Mutation
from workspace.command import CommandRunner

LEFT_OUT = (".venv*", ".git", ".*_cache", ".hypothesis", ".trackside", "__pycache__", ".coverage*")
TESTS_FAILED = 1
"""The exit code of pytest; any other but 0 says that the tests did not get so far."""
_ASSERTED = re.compile('failed on (setup|teardown) with "(AssertionError|assert )')
_PASSED_ON = ("HOME", "PATH", "LANG", "LC_ALL")
_SCRIPT = "#!{python}\nimport sys\nfrom cli.main import main\nsys.exit(main())\n"


class Bench:
    """A folder with the copy and its environment. Nothing that runs there sees the original.

    An environment names the sources that are installed in it, and that to every process which its
    Python starts, whatever folder and variables that one has. So the copy gets one of its own: it
    names the copy, and borrows the libraries of ours without what they name in turn.
    """

    def __init__(self, folder: Path, sources: Path = ROOT) -> None:
        """Make the environment in `folder`; the copy of `sources` comes with `copy`."""
        self.tree = folder / "tree"
        self._sources = sources
        self._folder = folder
        place = folder / "venv"
        venv.EnvBuilder(symlinks=True).create(place)
        self.python = place / "bin" / "python"
        scheme = {"base": str(place), "platbase": str(place)}
        libraries = Path(sysconfig.get_path("purelib", "venv", scheme))
        # A folder that a .pth file names is searched, but its own .pth files are not heeded.
        borrowed = dict.fromkeys(map(sysconfig.get_path, ("purelib", "platlib")))
        (libraries / "copy.pth").write_text("\n".join([str(self.tree), *borrowed, ""]))
        self.script = self.python.with_name("trackside")
        self.script.write_text(_SCRIPT.format(python=self.python))
        self.script.chmod(0o755)

    def copy(self, mutation: Mutation | None = None) -> None:
        """Copy the sources anew, with `mutation` in them."""
        shutil.rmtree(self.tree, ignore_errors=True)
        ignored = shutil.ignore_patterns(*LEFT_OUT)
        shutil.copytree(self._sources, self.tree, symlinks=True, ignore=ignored)
        if mutation is not None:
            file = self.tree / mutation.file
            file.write_text(mutation.applied(file.read_text()))

    def run(self, tests: Sequence[str], limit_s: float) -> str:
        """Run `tests` in the copy; return what became of them.

        "green" if all passed, "red" if each of them failed, "late" if they took too long, else a
        sentence: a test that could not be collected or prepared has noticed nothing. Whatever they
        leave running is ended.
        """
        report, shelf = self._folder / "report.xml", self._folder / "tmp"
        report.unlink(missing_ok=True)
        command = [
            *(str(self.python), "-m", "pytest", "--quiet", "--no-cov", "-p", "no:cacheprovider"),
            *(f"--basetemp={shelf}", f"--junit-xml={report}", *tests),
        ]
        ours = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment = {**ours, "CI": "true", "TMPDIR": str(self._folder)}
        words, runner = shlex.join(command), CommandRunner(grace_s=0.2)
        try:
            done = runner.run(words, self.tree, environment, limit_s, "tests").result()
        finally:
            runner.close()
            shutil.rmtree(shelf, ignore_errors=True)
        if done.timed_out:
            return "late"
        if done.ok:
            return "green"
        reported = done.exit_code == TESTS_FAILED and report.exists()
        failed = failed_tests(report) if reported else []
        missed = [test for test in tests if not any(_names(test, name) for name in failed)]
        if not missed:
            return "red"
        return f"of {', '.join(missed)} none failed: {_last_line(done.output)}"


def failed_tests(report: Path) -> list[str]:
    """Return the tests that failed; of what their fixtures do, only an assertion counts."""
    return [
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
        for case in ET.parse(report).iter("testcase")
        if case.find("failure") is not None
        or any(_ASSERTED.match(each.get("message", "")) for each in case.iter("error"))
    ]


def _names(test: str, failed: str) -> bool:
    return failed == test or failed.startswith(f"{test}[")


def _last_line(output: bytes) -> str:
    return output.decode(errors="replace").strip().rpartition("\n")[2]
