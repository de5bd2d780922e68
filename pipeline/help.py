"""The help text, from the first comment line of each config file; needs neither Hydra nor TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

USAGE = """\
Train, evaluate and predict with Keras models, composed from config.

  python -m pipeline +experiment=quickstart                         run an experiment
  python -m pipeline data=mnist model=cnn trainer.epochs=3          choose parts and values yourself
  python -m pipeline -m +experiment=quickstart model.units=32,64    one run per value
  python -m pipeline task=evaluate run=DIR                          evaluate a run's model on its test split
  python -m pipeline +experiment=quickstart task=lr_find            find a learning rate
  python -m pipeline +experiment=quickstart task=inspect            inspect the data without training
  python -m pipeline task=predict run=DIR data.path=FILE            predict other data
  python -m pipeline +experiment=quickstart --cfg job              show the composed config without running it

Options: --config-dir DIR adds your own config files; --cfg job shows the config; debug=true shows tracebacks;
--hydra-help shows all of Hydra's.
"""


def help_text(arguments: list[str]) -> str:
    """Returns usage, experiments and groups, including those of `--config-dir`.

    Args:
        arguments: The command line without its first word.
    """
    from pipeline.config.conf_folder import conf_folder
    from pipeline.security.terminal import printable

    folders = [conf_folder(), *config_dirs(arguments)]
    groups: dict[str, dict[str, str]] = {}
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*.yaml") if path.is_file()):
            group, *names = (printable(part) for part in path.relative_to(folder).with_suffix("").parts)
            # A file that choices share is none itself.
            if names and group != "hydra" and not names[-1].startswith("_"):
                groups.setdefault(group, {})["/".join(names)] = printable(first_comment(path))
    experiments = groups.pop("experiment", {})
    lines = [USAGE, "Experiments (+experiment=NAME):", *_listed(experiments)]
    for group, choices in groups.items():
        example = f"{group}=[NAME,…]" if group == "callbacks" else f"{group}=NAME"
        lines += ["", f"{group.capitalize()} ({example}):", *_listed(choices)]
    return "\n".join(lines)


def first_comment(path: Path) -> str:
    """Returns the first comment line of a config file, other than Hydra's `@package`, without its `#`."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("#") and "@package" not in line:
            return line.removeprefix("#").strip()
        if line and not line.startswith("#"):
            break
    return ""


def _listed(choices: dict[str, str]) -> Iterator[str]:
    width = max((len(name) for name in choices), default=0)
    return (f"  {name:<{width}}  {text}".rstrip() for name, text in choices.items())


def config_dirs(arguments: Sequence[str]) -> Iterator[Path]:
    """Yields the folders that `--config-dir` names on a command line."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--config-dir="):
            yield Path(argument.partition("=")[2])
        elif argument in ("--config-dir", "-cd") and index + 1 < len(arguments):
            yield Path(arguments[index + 1])
