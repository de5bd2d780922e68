"""Chooses how the steps of a training are compiled, and follows changes that callbacks make to the model."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import keras

from pipeline.training.feeds import Feed, Stack
from pipeline.training.steps import Steps
from pipeline.training.xla import Compilation, chosen_compilation, forced_compilation
from pipeline.training.xla_trial import tried

log = logging.getLogger(__name__)


class CompilationChoice:
    """The choice of how the steps of a training are compiled.

    Attributes:
        made: The choice and its reason; None before the first choice.

    Args:
        model: The model to train.
        steps: Its steps.
        feed: The training data.
        jit_compile: Whether to use XLA; None chooses by the model and by the length of the training.
    """

    def __init__(self, model: keras.Model, steps: Steps, feed: Feed, jit_compile: bool | None) -> None:
        self._model, self._steps, self._feed, self._jit_compile = model, steps, feed, jit_compile
        self.made: Compilation | None = None
        self._take_wishes()

    def follow(self) -> None:
        """Applies changes that a callback made to the model's functions or to its compilation settings."""
        if self._steps.follow() and _wishes(self._model) != self._wishes:
            self._take_wishes()

    def choose(self, stack: Stack, steps: int | None) -> None:
        """Chooses how to compile, unless that is already settled.

        Args:
            stack: The batches that training uses next.
            steps: The number of training steps left; None if unknown.
        """
        if self._steps.own or (self.made is not None and self.made.final):
            return
        self._steps.trace(stack)
        if not self._feed.loops:
            chosen = Compilation(False, "batches are ragged, sparse or of unknown rank")
        else:
            chosen = chosen_compilation(self._model, self._feed.batch_specs(stack), steps)
        if chosen.jit is None:
            chosen = tried(self._model, self._steps, stack)
        self._steps.jit = bool(chosen.jit)
        if self.made is None or chosen.final:
            log.info("XLA %s: %s", "on" if chosen.jit else "off", chosen.reason)
        self.made = chosen

    def state(self) -> dict[str, Any]:
        """Returns the part of the choice that a snapshot needs: steps compiled differently round differently."""
        return {
            "compilation": self.made and dict(vars(self.made)),
            "xla": (self._steps.jit, self._steps.xla_shapes),
        }

    def go_on_from(self, state: Mapping[str, Any]) -> None:
        """Restores what `state` returned."""
        self.made = state["compilation"] and Compilation(**state["compilation"])
        self._steps.jit, self._steps.xla_shapes = state["xla"]

    def _take_wishes(self) -> None:
        self._wishes = _wishes(self._model)
        self.made = forced_compilation(self._model, self._jit_compile)
        self._steps.jit = bool(self.made and self.made.jit)
        self._steps.forced = self.made is not None


def _wishes(model: keras.Model) -> tuple[bool, bool]:
    """Returns the settings by which a model says how it should run."""
    return bool(model.jit_compile), bool(model.run_eagerly)
