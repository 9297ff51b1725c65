"""Says at the end of a test run how many recorded failures were named."""

import pytest

NAMED: pytest.StashKey[str] = pytest.StashKey()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if NAMED in config.stash:
        terminalreporter.write_line(config.stash[NAMED])
