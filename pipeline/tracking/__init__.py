"""Tracking: records runs outside of their folders, for tools that watch and compare them."""

from pipeline.tracking.build import Tracking, build_tracking, end_tracking, tracked
from pipeline.tracking.tracker import Tracker

__all__ = ["Tracker", "Tracking", "build_tracking", "end_tracking", "tracked"]
