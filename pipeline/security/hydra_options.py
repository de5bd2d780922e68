"""Hydra's options on the command line, some of which print what config files say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra._internal.utils import get_args_parser

from pipeline.security.terminal import printable_output


@contextmanager
def checked_options(arguments: Sequence[str]) -> Iterator[None]:
    """Lets Hydra do what its options say within it, but print no control character.

    Args:
        arguments: The command line without its first word.

    Raises:
        SystemExit: An option is none of Hydra's, or lacks its value.
    """
    options, _ = get_args_parser().parse_known_args(arguments)
    if options.help or options.hydra_help or options.cfg or options.info or options.shell_completion:
        with printable_output():
            yield
    else:
        yield
