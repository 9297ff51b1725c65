"""Stops a process of a test, for as long as the test likes."""

import os
import signal
import subprocess


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a child of ours; return once not one of its threads runs any more.

    That comes some time after the signal was sent. SIGCONT and SIGKILL get through to it as ever.
    """
    process.send_signal(signal.SIGSTOP)
    what = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert what is not None
    assert what.si_code == os.CLD_STOPPED, "it has ended before it could be stopped"
