"""Files of a worktree that have a name elsewhere too: writing to one would reach what is outside.

Worktrees are made of fresh files, and a confined command cannot link to what it may not write. But
one that ran unconfined can have done so, before its run was resumed in a sandbox.
"""

import os
import secrets
import shutil
import stat
from collections import defaultdict
from pathlib import Path

Inode = tuple[int, int]


def part_from_outside(root: Path) -> int:
    """Make a copy of each file below `root` that has names elsewhere; return how many there were.

    Bytes, modes and times stay. Links among files of the folder itself are left alone.
    """
    names: defaultdict[Inode, list[Path]] = defaultdict(list)
    links: dict[Inode, int] = {}
    for path, found in _linked_files(root):
        inode = (found.st_dev, found.st_ino)
        names[inode].append(path)
        links[inode] = found.st_nlink
    outside = [
        path for inode, paths in names.items() if len(paths) < links[inode] for path in paths
    ]
    for path in outside:
        copy = path.with_name(f".trackside-{secrets.token_hex(8)}")
        shutil.copy2(path, copy, follow_symlinks=False)
        copy.replace(path)
    return len(outside)


def _linked_files(root: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    todo = [] if root.is_symlink() else [root]
    while todo:
        folder = todo.pop()
        try:
            entries = [*os.scandir(folder)]
        except PermissionError:
            folder.chmod(0o700)
            entries = [*os.scandir(folder)]
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                todo.append(Path(entry.path))
            else:
                facts = entry.stat(follow_symlinks=False)
                if facts.st_nlink > 1 and stat.S_ISREG(facts.st_mode):
                    found.append((Path(entry.path), facts))
    return found
