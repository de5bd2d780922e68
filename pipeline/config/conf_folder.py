"""Where the YAML files are; separate from the config's schema so that `--help` does not need Hydra."""

from __future__ import annotations

from pathlib import Path


def conf_folder() -> Path:
    """Returns the folder of the YAML files: inside an installed package, or beside it in a clone."""
    here = Path(__file__).resolve().parents[1]
    return here / "conf" if (here / "conf").is_dir() else here.parent / "conf"
