"""The model for tables, with its encoder of raw columns inside, so that it takes new rows unprocessed."""

from pipeline.models.tabular.network import tabular

__all__ = ["tabular"]
