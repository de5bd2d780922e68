"""Hydra's command line options: one unpickles a file, and others print what config files contain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra._internal.utils import get_args_parser

from pipeline.errors import ConfigError
from pipeline.security.terminal import printable_output


@contextmanager
def checked_options(arguments: Sequence[str]) -> Iterator[None]:
    """Inside the context, Hydra follows its options, but unpickles no file and prints no control characters.

    Args:
        arguments: The command line without its first word.

    Raises:
        ConfigError: An option, perhaps abbreviated, names a file to unpickle.
        SystemExit: An option does not exist, or lacks its value.
    """
    # Parsed by Hydra's own parser, which decides what counts as an abbreviation.
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
