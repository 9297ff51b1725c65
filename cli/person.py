"""Who sits at this keyboard, as far as the system knows."""

import getpass
import os


def who() -> str:
    """Return the name of the user, or their number if they have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
