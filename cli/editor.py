"""A text in the person's own editor, as ``git commit`` does it."""

import os
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from cli.escape import shown

MARK = "// "
"""Begins the lines that say what is wrong; they are no part of the text."""
_USUAL = ("nano", "vi")


class Editor:
    """Edits texts on a terminal. For one thread, but for `stop`."""

    def __init__(
        self, keyboard: int, screen: TextIO, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Have the editor read `keyboard` and show on `screen`; `$VISUAL` goes before `$EDITOR`."""
        self._keyboard = keyboard
        self._screen = screen
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()
        self._stopped = False

    def edit(self, text: str, name: str, problem: str = "") -> str | None:
        """Return what the person makes of `text`; None if they leave it as it is, or empty.

        Args:
            text: What they begin with.
            name: Of the file that they see.
            problem: What is wrong with the text; it stands above it.

        Raises:
            OSError: there is no editor, or it does not start.
        """
        above = "".join(f"{MARK}{shown(line)}\n" for line in problem.split("\n") if problem)
        with tempfile.TemporaryDirectory(prefix="trackside-") as folder:
            file = Path(folder, name)
            file.write_text(above + text, encoding="utf-8", errors="replace")
            if self._run([*self._command(), str(file)]) != 0:
                return None
            edited = file.read_text(encoding="utf-8", errors="replace")
        lines = edited.split("\n")
        while lines and lines[0].startswith(MARK.rstrip()):
            lines.pop(0)
        kept = "\n".join(lines)
        return None if kept.strip() in {"", text.strip()} else kept

    def stop(self) -> None:
        """End an editor that is open. From any thread."""
        with self._guard:
            self._stopped = True
            if self._process is not None:
                self._process.terminate()

    def _command(self) -> list[str]:
        named = self._environment.get("VISUAL") or self._environment.get("EDITOR")
        if named:
            return shlex.split(named)
        found = next((name for name in _USUAL if shutil.which(name)), None)
        if found is None:
            raise FileNotFoundError("no editor is named by $VISUAL or $EDITOR")
        return [found]

    def _run(self, command: list[str]) -> int:
        with self._guard:
            if self._stopped:
                return 1
            self._process = subprocess.Popen(
                command, stdin=self._keyboard, stdout=self._screen, stderr=self._screen
            )
        code = self._process.wait()
        with self._guard:
            self._process = None
        return code
