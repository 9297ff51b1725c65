"""A place where a process ends as if its power had been cut: how tests prove that a resume works.

    TRACKSIDE_FAILPOINT=after-position:17 trackside run ...

It is part of the program, so that what is proven is the program and not a copy of it. A place that
nobody asks for costs one look into the environment.
"""

import os
import signal

VARIABLE = "TRACKSIDE_FAILPOINT"


def failpoint(name: str, number: int) -> None:
    """Kill the process here, if the environment names this place and this time of passing it."""
    wanted = os.environ.get(VARIABLE)
    if wanted is not None and wanted == f"{name}:{number}":
        os.kill(os.getpid(), signal.SIGKILL)
