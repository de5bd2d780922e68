"""Layer names from data names, which may contain characters that Keras and TensorFlow do not allow."""

from __future__ import annotations

import hashlib
import re

SCALED = "_scaled"
"""Suffix of the layer before an output that undoes the scaling of its target."""
ODD = re.compile(r"[^A-Za-z0-9_.-]+")


def layer_name(name: str) -> str:
    """Returns a valid name for a layer and a TensorFlow scope, different for different names.

    A valid name is returned unchanged; others get a suffix hashed from the whole name.
    """
    plain = ODD.sub("_", name)
    if plain == name and name[:1].isalnum():
        return name
    return f"column{'' if plain[:1] == '_' else '_'}{plain}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
