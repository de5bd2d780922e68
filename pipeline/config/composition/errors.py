"""Hydra's and OmegaConf's own errors as one line each, with the key."""

from __future__ import annotations

import re

from pipeline.errors import escaped, one_line

EXPECTED = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}
"""What OmegaConf calls the types of values, in words."""
WRONG_TYPE = re.compile(
    r"Value '(?P<value>.*)' of type '[^']*' could not be converted to (?P<type>Integer|Float)\b", re.DOTALL
)
NO_TRUTH = re.compile(r"Value '(?P<value>.*)' is not a valid bool", re.DOTALL)
NO_VALUE = re.compile(r"field '[^']*' is not Optional|Incompatible value 'None' for field of type")


def as_lines(error: Exception) -> list[str] | None:
    """Returns one line per mistake in an error from composing or reading a config; None if it is not from Hydra."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if isinstance(error, YAMLError):
        return [yaml_error(error)]
    if not isinstance(error, (HydraException, OmegaConfBaseException)):
        return None
    # An error that Hydra raises from one of OmegaConf's may have no text of its own.
    text = str(error) or str(error.__cause__ or "")
    ours = re.match(r"\w+ raised while resolving interpolation: (?P<line>(resume|hydra|hydra\.run\.dir|run): .*)", text)
    if ours:
        return [ours["line"]]
    primary = re.search(r"[Cc]annot find primary config '(?P<name>[^']+)'", text)
    if primary:
        return [f"--config-name: no config '{primary['name']}'; omit the option to use the pipeline's own"]
    if text.startswith("Error merging override") and error.__cause__ is not None:
        text = str(error.__cause__)
    of_file = re.match(r"In '(?P<file>[^']+)': \w+ raised while composing config:\n", text)
    text = text[of_file.end() :] if of_file else text
    full_key = re.search(r"full_key: (?P<key>\S+)", text)
    place = f"{full_key['key']}: " if full_key else ""
    return [place + reason(text) + (f" (in '{of_file['file']}')" if of_file else "")]


def yaml_error(error: Exception) -> str:
    """Returns one line for a file that is not valid YAML, or holds more than plain values."""
    mark = getattr(error, "problem_mark", None)
    place = "" if mark is None else f"'{mark.name}': line {mark.line + 1}: "
    return place + one_line(getattr(error, "problem", None) or error)


def reason(text: str) -> str:
    """Returns the reason in Hydra's text, whose first lines often only announce it."""
    variable = re.search(r"Environment variable '([^']+)' not found", text)
    if variable:
        return f"the environment variable {variable[1]} is not set"
    missing = re.search(r"Interpolation key '([^']+)' not found", text)
    if missing:
        return f"refers to {missing[1]}, which is missing; set {missing[1]}=VALUE"
    unfit = WRONG_TYPE.match(text) or NO_TRUTH.match(text)
    if unfit:
        return f"expected {EXPECTED[unfit.groupdict().get('type') or 'Boolean']}, got {_got(unfit['value'])}"
    if NO_VALUE.match(text):
        return "expected a value, got null"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reasons = [line for line in lines if not line.startswith(("full_key", "object_type", "reference_type"))]
    return " ".join(reasons[:2]) or text


def _got(value: str) -> str:
    """Returns a value as it was typed, in quotes unless it is a number, list or mapping."""
    plain = re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?|[\[{].*", value, re.DOTALL)
    return escaped(value) if plain else f"'{escaped(value)}'"
