"""Weighting: which examples count how much; its whole output is a sample weight per example and target."""

from pipeline.weighting.weighting import Weighting, weigh, weigh_split

__all__ = ["Weighting", "weigh", "weigh_split"]
