"""Sources: where examples come from. A source is one file here, one in `conf/data/`, and nothing else."""

from pipeline.data.sources.source import Source

__all__ = ["Source"]
