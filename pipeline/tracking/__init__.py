"""Tracking: records runs outside of their folders, for tools that watch and compare them."""

from pipeline.tracking.build import Tracking, build_tracking, end_tracking, tracked

__all__ = ["Tracking", "build_tracking", "end_tracking", "tracked"]
