"""Weighting: how much each example counts; its only output is one sample weight per example and target."""

from pipeline.weighting.weighting import Weighting, weigh, weigh_split

__all__ = ["Weighting", "weigh", "weigh_split"]
