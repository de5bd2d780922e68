"""Feeds: batches as the arguments of compiled calls, many batches in each."""

from pipeline.training.feeds.dataset import DatasetFeed
from pipeline.training.feeds.feed import Feed, Stack
from pipeline.training.feeds.paced import PacedFeed
from pipeline.training.feeds.python import PythonFeed
from pipeline.training.feeds.resident import ResidentFeed
from pipeline.training.feeds.single import SingleFeed
from pipeline.training.feeds.stacked import StackedFeed

__all__ = ["DatasetFeed", "Feed", "PacedFeed", "PythonFeed", "ResidentFeed", "SingleFeed", "Stack", "StackedFeed"]
