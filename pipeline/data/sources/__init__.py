"""Sources: where examples come from. A source is one file here and one in `conf/data/`."""

from pipeline.data.sources.source import Source

__all__ = ["Source"]
