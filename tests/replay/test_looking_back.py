"""What looking back never does."""

import json
import os
import subprocess
import sys
from pathlib import Path

WATCHED = """\
import sys
import os
import re
import shutil
seen = []
def hook(name, args):
    if name == "subprocess.Popen":
        assert os.path.basename(str(args[0])) == "git" or str(args[1][0]).endswith("/git"), args
    elif name.startswith("socket.") and name not in {"socket.gethostname"}:
        raise AssertionError(name)
    elif name in {"os.system", "os.exec", "os.posix_spawn", "os.fork"}:
        raise AssertionError(name)
sys.addaudithook(hook)
import json
from cli.main import main
for words in json.loads(sys.argv[1]):
    assert main(words) == 0, words
for module in ("pykka", "google.genai", "actors", "models.gemini", "structlog"):
    assert module not in sys.modules, module
"""


def test_looking_back_starts_no_process_but_git_and_opens_no_socket(
    checkout: Path, tmp_path: Path
) -> None:
    words = [
        ("show", "--at", "5"),
        ("verify",),
        ("context", "base"),
        ("why", "base"),
        ("diff", "baked@5", "baked", "--files"),
        ("checkout", str(tmp_path / "out")),
    ]
    commands = json.dumps([[*one, "--repo", str(checkout)] for one in words])
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, commands],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
