"""Whether a source may download: only if the user asks for it, not a config file alone."""

from __future__ import annotations

from pipeline.errors import ConfigError
from pipeline.security import trust


def check_download(name: str) -> None:
    """Checks that the user asked for a dataset that is not on this machine.

    Args:
        name: The dataset's name, as typed, before a slash as in `mnist/numpy`, or allowed by `data.download=true`.

    Raises:
        ConfigError: Only a config file asked for it.
    """
    current = trust.current()
    asked_for = any(f"{text}/".startswith(f"{name}/") for text in current.texts) or trust.typed("data.download")
    if trust.is_command() and not asked_for and "network" not in current.words:
        raise ConfigError(
            f"data: '{name}' is not on this machine, and a config file has it downloaded; "
            "give its name or trust=[network] on the command line"
        )
