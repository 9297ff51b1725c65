"""Actors are tried in whole runs: the fixtures are those of the end-to-end tests."""

from tests.end_to_end.fixtures import nothing_is_left, project, template

__all__ = ["nothing_is_left", "project", "template"]
