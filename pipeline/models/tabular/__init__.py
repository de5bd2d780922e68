"""The model of tables: its encoder of raw columns inside, so that it takes new rows as they are."""

from pipeline.models.tabular.network import tabular

__all__ = ["tabular"]
