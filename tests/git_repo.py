"""A real git repository of a user, made with plain git, its own hooks and filters included."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from events.ids import CommitId, TreeId
from workspace.objects import FOLDER, SUBMODULE
from workspace.tree import Repository

HOOKS = (
    *("applypatch-msg", "pre-commit", "commit-msg", "post-commit", "pre-rebase", "post-checkout"),
    *("post-merge", "pre-push", "pre-receive", "update", "post-receive", "post-update"),
    *("reference-transaction", "pre-auto-gc", "post-rewrite", "post-index-change"),
    *("proc-receive", "push-to-checkout", "fsmonitor-watchman", "sendemail-validate"),
)

_ENVIRONMENT = {
    "GIT_AUTHOR_DATE": "@1700000000 +0000",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_COMMITTER_DATE": "@1700000000 +0000",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
    "PATH": os.environ["PATH"],
}


class GitRepo:
    """One repository with a checkout, on branch ``main``."""

    def __init__(self, path: Path, *options: str) -> None:
        """Make it, unless it is there; `options` are those of ``git init``."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        if not (path / ".git").exists():
            self.git("init", "-q", "-b", "main", "--template=", *options)

    def git(self, *args: str, stdin: bytes = b"") -> str:
        """Return what a plain git prints here, without surrounding white space."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            env=_ENVIRONMENT,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write one file of the checkout."""
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        place.chmod(mode)

    def commit(self, **files: str | bytes) -> CommitId:
        """Commit the checkout as it is, after writing `files`; return the commit."""
        for path, content in files.items():
            self.write(path, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        return CommitId(self.git("rev-parse", "HEAD"))

    def state(self) -> dict[str, str]:
        """Return a digest of every file: the checkout, and ``.git`` without its objects."""
        found = {}
        for place in sorted(self.path.rglob("*")):
            name = str(place.relative_to(self.path))
            if place.is_symlink():
                found[name] = f"-> {place.readlink()}"
            elif place.is_file() and not name.startswith(".git/objects/"):
                content = hashlib.sha256(place.read_bytes()).hexdigest()
                found[name] = f"{place.stat().st_mode:o} {content}"
        return found

    def arm(self, canary: Path) -> None:
        """Make every program that a repository can name write to `canary`."""
        trap = self.path / ".git" / "trap"
        trap.write_text(f'#!/bin/sh\necho "$0 $*" >>"{canary}"\ncat\n')
        trap.chmod(0o755)
        for hook in HOOKS:
            place = self.path / ".git" / "hooks" / hook
            place.parent.mkdir(exist_ok=True)
            place.write_text(trap.read_text())
            place.chmod(0o755)
        with (self.path / ".git" / "config").open("a") as config:
            config.write(
                f"[core]\n fsmonitor = {trap}\n pager = {trap}\n editor = {trap}\n"
                f" sshCommand = {trap}\n askPass = {trap}\n alternateRefsCommand = {trap}\n"
                f'[filter "evil"]\n clean = {trap}\n smudge = {trap}\n required = true\n'
                f'[filter "odd=name.x"]\n clean = {trap}\n smudge = {trap}\n process = {trap}\n'
                f'[diff]\n external = {trap}\n[diff "evil"]\n textconv = {trap}\n'
                f' command = {trap}\n[merge "evil"]\n driver = {trap} %A %B\n'
                f"[commit]\n gpgSign = true\n[gpg]\n program = {trap}\n"
                f"[merge]\n verifySignatures = true\n[log]\n showSignature = true\n"
                f"[alias]\n rev-parse = !{trap}\n"
                f"[submodule]\n recurse = true\n[gc]\n auto = 1\n"
            )


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and bytes of every file below `folder`, by its path."""
    found = {}
    for place in folder.rglob("*"):
        name = str(place.relative_to(folder))
        if place.is_symlink():
            found[name] = (0o120000, os.fsencode(place.readlink()))
        elif place.is_file():
            found[name] = (place.stat().st_mode & 0o111, place.read_bytes())
    return found


class Entry(NamedTuple):
    """One file of a tree."""

    path: str
    blob: str
    mode: str


def files_of(repository: Repository, tree: str) -> list[Entry]:
    """Return the files of a tree, in git's order."""
    listed = repository.git.run("ls-tree", "-r", "-z", tree).decode("utf-8", "surrogateescape")
    lines = (line.partition("\t") for line in listed.split("\0")[:-1])
    return [
        Entry(path, blob, mode) for facts, _, path in lines for mode, _, blob in [facts.split(" ")]
    ]


def read_blob(repository: Repository, tree: TreeId | CommitId, path: str) -> bytes | None:
    """Return the bytes of a file or the text of a symlink; None if neither is at `path`."""
    with repository.objects() as objects:
        found = objects.find(repository.tree_of(CommitId(tree)), path)
        is_blob = found is not None and found.mode not in {FOLDER, SUBMODULE}
        return objects.blob(found.object) if found is not None and is_blob else None


def paths_of(repository: Repository, tree: TreeId) -> list[str]:
    """Return the paths of a tree."""
    return [entry.path for entry in files_of(repository, tree)]
