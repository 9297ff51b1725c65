"""The fixtures of this folder, which others use as well."""

from tests.end_to_end.fixtures import nothing_is_left, project, template

__all__ = ["nothing_is_left", "project", "template"]
