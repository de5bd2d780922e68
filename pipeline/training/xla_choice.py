"""The choice of how the steps of a training are compiled, which follows what callbacks change of the model."""

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
    """How the steps of a training are compiled.

    Attributes:
        made: What was chosen, and why; None before the first choice.

    Args:
        model: The model that is trained.
        steps: Its steps.
        feed: What it is trained on.
        jit_compile: XLA on or off; None chooses by the model and by how long it is trained.
    """

    def __init__(self, model: keras.Model, steps: Steps, feed: Feed, jit_compile: bool | None) -> None:
        self._model, self._steps, self._feed, self._jit_compile = model, steps, feed, jit_compile
        self.made: Compilation | None = None
        self._take_wishes()

    def follow(self) -> None:
        """Takes up what a callback changed of the model's functions, or of how it is to be compiled."""
        if self._steps.follow() and _wishes(self._model) != self._wishes:
            self._take_wishes()

    def choose(self, stack: Stack, steps: int | None) -> None:
        """Chooses how to compile, unless that is settled.

        Args:
            stack: The batches that are trained on next.
            steps: Steps that are left of the training; None if nobody knows.
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
        """Returns what a snapshot needs of it: steps that are compiled otherwise round otherwise."""
        return {
            "compilation": self.made and dict(vars(self.made)),
            "xla": (self._steps.jit, self._steps.xla_shapes),
        }

    def go_on_from(self, state: Mapping[str, Any]) -> None:
        """Puts it back to what it was when `state` was returned."""
        self.made = state["compilation"] and Compilation(**state["compilation"])
        self._steps.jit, self._steps.xla_shapes = state["xla"]

    def _take_wishes(self) -> None:
        self._wishes = _wishes(self._model)
        self.made = forced_compilation(self._model, self._jit_compile)
        self._steps.jit = bool(self.made and self.made.jit)
        self._steps.forced = self.made is not None


def _wishes(model: keras.Model) -> tuple[bool, bool]:
    """Returns how a model asks to be run."""
    return bool(model.jit_compile), bool(model.run_eagerly)
