"""Checks values from files against the shape that their reader relies on. Errors name the wrong key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigError, escaped, shown

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

EXPECTED = {
    "bool": "true or false",
    "dict": "a mapping",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "a mapping",
    "string": "a text",
}
"""What was expected, by the beginning of the kind of error."""
MOST_TOLD = 1000
"""Only the first of more mistakes than this is looked for. A list of millions takes gigabytes."""


def checked(shape: TypeAdapter[Any], value: Any, place: str) -> Any:
    """Returns a value if it has a shape, as plain values without keys that the shape does not know.

    Args:
        shape: The shape. Nothing is converted to fit it.
        value: Plain values, as read from a file.
        place: Where they come from, for the message.

    Raises:
        ConfigError: It does not have the shape; the first wrong key is named.
    """
    from pydantic import ValidationError

    try:
        fitting = shape.validate_python(value, strict=True)
    except ValidationError as error:
        raise ConfigError(f"{place}: {in_one_line(error)}") from error
    return shape.dump_python(fitting, exclude_unset=True)


def in_one_line(error: ValidationError) -> str:
    """Says in one line what the first mistake is: the key, what was expected, what was found."""
    if error.error_count() > MOST_TOLD:
        return f"{error.error_count():,} values are of another kind than a run writes"
    found = error.errors(include_url=False)[0]
    key = ".".join(escaped(str(part)) for part in found["loc"] if not _of_pydantic(part))
    place = f"{key}: " if key else ""
    if found["type"] == "missing":
        return f"{place}is missing"
    kind = found["type"].split("_")[0]
    expected = f"expected {EXPECTED[kind]}" if found["type"].endswith("_type") and kind in EXPECTED else found["msg"]
    return f"{place}{expected[0].lower()}{expected[1:]}, got {shown(found['input'])}"


def _of_pydantic(part: str | int) -> bool:
    """Whether a part of a place is not from the value, but says how pydantic reached it."""
    return isinstance(part, str) and (part == "[key]" or part.startswith("function-"))
