"""Callbacks: any Keras callback by config, and those that Keras lacks."""

from pipeline.callbacks.build import build_callbacks, check_savers
from pipeline.callbacks.callback import Callback
from pipeline.callbacks.history import HistoryFile

__all__ = ["Callback", "HistoryFile", "build_callbacks", "check_savers"]
