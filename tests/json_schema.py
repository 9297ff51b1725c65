"""As much of JSON Schema as our schemas use, so that tests can ask what a schema accepts."""

import re
from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_NOTES = {"$defs", "$schema", "default", "description", "discriminator", "format", "title"}


def accepts(schema: Schema, value: object) -> bool:
    """Return whether `value` is valid.

    Raises:
        KeyError: the schema uses a word that is not known here.
    """
    return _accepts(schema, value, schema["$defs"])


def _accepts(schema: Schema, value: Any, parts: Schema) -> bool:  # noqa: ANN401 - JSON
    def inner(part: Schema, item: object) -> bool:
        return _accepts(part, item, parts)

    def types(names: str | list[str]) -> bool:
        return any(_TYPES[name](value) for name in ([names] if isinstance(names, str) else names))

    words: dict[str, Callable[[Any], bool]] = {
        "$ref": lambda ref: inner(parts[ref.removeprefix("#/$defs/")], value),
        "type": types,
        "enum": lambda choices: value in choices,
        "const": lambda only: value == only,
        "anyOf": lambda forms: any(inner(form, value) for form in forms),
        "oneOf": lambda forms: sum(inner(form, value) for form in forms) == 1,
        "not": lambda form: not inner(form, value),
        "required": lambda keys: not isinstance(value, dict) or set(keys) <= value.keys(),
        "properties": lambda known: (
            not isinstance(value, dict)
            or all(inner(known[key], item) for key, item in value.items() if key in known)
        ),
        "additionalProperties": lambda others: (
            not isinstance(value, dict)
            or all(
                others if isinstance(others, bool) else inner(others, item)
                for key, item in value.items()
                if key not in schema.get("properties", {})
            )
        ),
        "items": lambda form: (
            not isinstance(value, list)
            or (form if isinstance(form, bool) else all(inner(form, item) for item in value))
        ),
        "minItems": lambda least: not isinstance(value, list) or len(value) >= least,
        "maxItems": lambda most: not isinstance(value, list) or len(value) <= most,
        "minLength": lambda least: not isinstance(value, str) or len(value) >= least,
        "maxLength": lambda most: not isinstance(value, str) or len(value) <= most,
        "pattern": lambda form: (
            not isinstance(value, str) or bool(re.search(form.replace("$", r"\Z"), value))
        ),
        "minimum": lambda least: not types("number") or value >= least,
        "maximum": lambda most: not types("number") or value <= most,
        "exclusiveMinimum": lambda least: not types("number") or value > least,
    }
    return all(words[word](says) for word, says in schema.items() if word not in _NOTES)
