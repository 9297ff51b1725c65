"""Ways out of a sandbox, each a shell script that says ``$WON`` when it got out.

In them, ``{outside}`` is a folder of the attack's own beside the worktree, with a file `precious`
in it: any change in there is an escape too. The other fields are those of `tests.workspace.siege`.
"""

import sys
from typing import NamedTuple

WON = "got out of it"


class Attack(NamedTuple):
    script: str
    makes: str = ""
    """A path that must not come to be."""


def _cat(path: str) -> Attack:
    return Attack(f"cat {path} && echo $WON")


def _python(lines: str) -> Attack:
    first, last = "import ctypes, os, socket\nlibc = ctypes.CDLL(None)", "print(os.environ['WON'])"
    python = f"{sys.base_prefix}/bin/python3"
    return Attack(f"{python} -I -S - <<'END'\n{first}\n{lines}\n{last}\nEND\n")


READING = {
    "read a key in the user's home": _cat("{user_home}/.ssh/id"),
    "read a file by its path": _cat("{outside}/precious"),
    "read a file by a symlink": Attack("ln -s {outside}/precious read; cat read && echo $WON"),
    "read a file by another process": _cat("/proc/{victim}/root{outside}/precious"),
    "read a file by another's folder": _cat("/proc/{victim}/cwd/precious"),
    "list a folder": Attack("ls {outside} && echo $WON"),
    "read what is hidden in a place that can be read": _cat("{shared}/repo/file"),
    "read another attempt's worktree": _cat("{other}/file"),
    "read another process's environment": Attack(
        "grep -qz '^PLANTED=' /proc/[0-9]*/environ && echo $WON"
    ),
    "read another process's memory": _python(
        "assert libc.ptrace(0x4206, {victim}, None, None) == 0"
    ),
    "read memory that is shared by name": _cat("/dev/shm/{unique}"),
    "read memory that is shared by number": _python(
        "libc.shmat.restype = ctypes.c_ssize_t\nassert libc.shmat({segment}, None, 0o10000) != -1"
    ),
    "read a key of the kernel's": _python(
        "assert libc.syscall({keyctl}, 10, -3, b'user', b'{unique}', 0) > 0"
    ),
    "learn that a file exists": Attack("test -e {outside}/precious && echo $WON"),
    "learn how another process was started": Attack(
        "grep -qz sleep /proc/{victim}/cmdline && echo $WON"
    ),
    "bring in what a protected name links to": _cat(".idea/precious"),
}
WRITING = {
    "write a file by its path": Attack("echo x > {outside}/precious"),
    "make a file": Attack("echo x > {outside}/new"),
    "delete a file": Attack("rm -f {outside}/precious"),
    "move a file in": Attack("mv {outside}/precious moved"),
    "cut a file": Attack("truncate -s 0 {outside}/precious"),
    "cut a file without opening it": _python("assert libc.truncate(b'{outside}/precious', 0) == 0"),
    "write a file by a symlink to it": Attack("ln -s {outside}/precious write; echo x > write"),
    "write a file by a symlink to its folder": Attack("ln -s {outside} way; echo x > way/precious"),
    "write a file by a hard link that it makes": Attack(
        "ln {outside}/precious hard; echo x > hard"
    ),
    "write a file by a hard link that was there": Attack("echo x > linked"),
    "change the mode of a file": Attack("chmod 777 {outside}/precious"),
    "change the times of a file": Attack("touch -d 2001-01-01 {outside}/precious"),
    "write where it may only read": Attack("echo x > {shared}/file && echo $WON"),
    "write where everybody may": Attack("echo x > /tmp/{unique}", makes="/tmp/{unique}"),
    "write among the devices": Attack("echo x > /dev/{unique} && echo $WON", makes="/dev/{unique}"),
    "write at the root": Attack("echo x > /{unique} && echo $WON", makes="/{unique}"),
    "write shared memory": Attack("echo x > /dev/shm/{unique}.x", makes="/dev/shm/{unique}.x"),
    "write settings of the kernel": Attack(
        'f=/proc/sys/kernel/core_pattern; v=$(cat $f) && echo "$v" > $f && echo $WON'
    ),
    "change the mode of a device": Attack(
        "v=$(stat -c %a /dev/full); chmod 600 /dev/full && echo $WON; chmod $v /dev/full"
    ),
    "change what steers an editor": Attack("echo x > .vscode/tasks.json && echo $WON"),
    "move away what steers an editor": Attack("mv .vscode other && echo $WON"),
    "change what steers git": Attack("echo x > .git/config && echo $WON"),
    "make what steers a shell": Attack("echo x > .envrc && echo $WON"),
}
CONNECTING = {
    "connect by TCP": _python("socket.create_connection(('127.0.0.1', {tcp}), 5)"),
    "listen where others connect": _python(
        "socket.create_server(('127.0.0.1', 0))\n"
        "assert os.readlink('/proc/self/ns/net') == '{network}'"
    ),
    "send by UDP": _python(
        "udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "udp.sendto(b'x', ('127.0.0.1', {udp}))\n"
        "assert os.readlink('/proc/self/ns/net') == '{network}'"
    ),
    "connect to a daemon's socket": _python("socket.socket(socket.AF_UNIX).connect('{daemon}')"),
    "connect to a daemon's socket in /run": _python(
        "socket.socket(socket.AF_UNIX).connect('{run_daemon}')"
    ),
    "connect to an abstract socket": _python(
        "socket.socket(socket.AF_UNIX).connect('\\0{unique}')"
    ),
    "send to a daemon's socket": _python(
        "one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "one.sendto(b'x', '{journal}')"
    ),
}
RULING = {
    "mount a file system": Attack("mkdir m; mount -t tmpfs none m && echo $WON"),
    "make namespaces": Attack(
        "unshare --user true && echo $WON; unshare --user --map-root-user true && echo $WON"
    ),
    "make a device": Attack("mknod disk b {disk} && head -c 1 disk && echo $WON"),
    "end a process": Attack("kill -9 {victim} && echo $WON"),
}
ATTACKS = {**READING, **WRITING, **CONNECTING, **RULING}

NOT_UNCONFINED = {
    "change the mode of a device", "write settings of the kernel",
    "write among the devices", "write at the root",
    "mount a file system", "make namespaces", "make a device", "read another process's memory",
}  # fmt: skip
"""They would change this machine, or may need root; the others are seen to work unconfined."""
