"""Names as they are typed on a command line, for messages that repeat a setting."""

from __future__ import annotations

import re

PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""Names that neither a shell nor Hydra needs quotes for."""


def typed(name: str) -> str:
    """Returns a name as typed on a command line, quoted for Hydra unless it is a plain word."""
    return name if PLAIN.fullmatch(name) else "'" + name.replace("'", "\\'") + "'"
