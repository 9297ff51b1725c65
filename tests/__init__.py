"""The tests; the folders below mirror the rooms. Start with `tests.scenario`."""
