"""Hydra's options on the command line: one of them unpickles a file, and others print what config files say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra._internal.utils import get_args_parser

from pipeline.errors import ConfigError
from pipeline.security.terminal import printable_output


@contextmanager
def checked_options(arguments: Sequence[str]) -> Iterator[None]:
    """Lets Hydra do what its options say within it, but unpickle no file and print no control character.

    Args:
        arguments: The command line without its first word.

    Raises:
        ConfigError: An option, perhaps abbreviated, names a file to unpickle.
        SystemExit: An option is none of Hydra's, or lacks its value.
    """
    # By Hydra's own parser, as what it takes for an abbreviation is what counts.
    options, _ = get_args_parser().parse_known_args(arguments)
    if options.experimental_rerun is not None:
        raise ConfigError(
            "--experimental-rerun: would unpickle a file, which can run any code; use resume=DIR to resume a run, or "
            "+experiment=NAME"
        )
    if options.help or options.hydra_help or options.cfg or options.info or options.shell_completion:
        with printable_output():
            yield
    else:
        yield
