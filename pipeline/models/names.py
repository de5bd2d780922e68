"""Names of layers from names of data, which may hold what Keras and TensorFlow do not take in theirs."""

from __future__ import annotations

import hashlib
import re

SCALED = "_scaled"
"""Ends the name of the layer before an output that undoes the scaling of its target."""
ODD = re.compile(r"[^A-Za-z0-9_.-]+")


def layer_name(name: str) -> str:
    """Returns a name that a layer and a scope of TensorFlow may have, different for different names.

    A name that may be one is returned as it is; others get a mark made of the whole name at their end.
    """
    plain = ODD.sub("_", name)
    if plain == name and name[:1].isalnum():
        return name
    return f"column{'' if plain[:1] == '_' else '_'}{plain}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
