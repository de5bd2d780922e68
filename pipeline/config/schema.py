"""The config's schema: every key that does not belong to a component, its meaning and its default.

Components (data, model, optimizer, …) are open nodes with a `_target_`; their arguments are checked against the
target's signature by `pipeline.config.components`. Another `_target_`, in a file or on the command line, replaces a
component with all its arguments, see `pipeline.config.composition.own_targets`.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from pipeline.errors import ConfigError
from pipeline.run.names import PARENTS
from pipeline.run.resume import folder_to_resume
from pipeline.security import environment, trust

MOST = 2**32 - 1
"""The largest seed that NumPy accepts, and more than any count needs."""


REFUSE, MASK = "refuse", "mask"
"""Values of `weighting.missing`: a missing label is an error, or has weight 0."""

PRECISIONS = ("mixed_bfloat16", "mixed_float16", "float32", "float64", "bfloat16", "float16")
"""Keras' dtype policies for whole models."""


@dataclass
class SplitConfig:
    """How validation and test examples are split from the training data if the source has no splits of its own.

    Attributes:
        validation: Share (below 1) or number (1 or more) of examples; of batches for a stream of batches; 0 for none.
        test: The same for the test split, which is split off first.
        method: `last` (the last examples), `random`, `stratified` (random, keeping the class shares), `auto`
            (stratified if exactly one class per example is predicted, else random), `group` (keeps the rows of a group
            together, with sizes and class shares as close as possible), `time` (the latest rows are the test split and
            the rows before them validation; rows without a time are used for training), or `column`.
        column: For `column`, the column with the values train, validation or test; for `group`, the column whose equal
            values form a group (a row without a value is its own group); for `time`, a column of dates or numbers. It
            can be any column of the data. In a table it is not an input unless `data.inputs` names it or the method is
            `time`.
        target: For `stratified`, `auto` and `group`: the target whose class shares are kept; null for the only target.
    """

    validation: float = 0.0
    test: float = 0.0
    method: str = "last"
    column: str | None = None
    target: str | None = None


@dataclass
class TrainerConfig:
    """How long and how to train, in the terms of `keras.Model.fit`, `compile` and Keras' optimizers.

    Attributes:
        epochs: Number of epochs.
        steps_per_epoch: Steps per epoch, which continue through the data and wrap around; null for one pass.
        validation_steps: Validate on this number of first batches, the same ones every time; null for all.
        validation_freq: Validate every this many epochs.
        validation_interval: Also validate within epochs, every this many steps; null validates only after epochs.
        validation_seconds: Also validate every this many seconds; null turns this off.
        validation_fractions: Also validate at these fractions of each epoch, such as [0.25, 0.5, 0.75].
        initial_epoch: Number of the first epoch, counted from 0.
        verbose: 0 shows nothing, 1 live bars and one line per epoch, 2 only the lines; auto is 1 in a terminal, else 2.
        run_eagerly: Run steps without compiling them, for debugging.
        jit_compile: XLA on or off; null decides from the model and the length of the training.
        steps_per_execution: Batches per call if a callback needs every batch; otherwise a call takes half a second.
        gradient_accumulation_steps: Update the weights every this many steps, with the mean of their gradients; null
            or 1 updates at every step. Epochs, schedules and callbacks count all steps.
        clipnorm: Scale the gradient of each variable down to at most this norm; null turns this off.
        global_clipnorm: Scale all gradients together down to at most this norm; null turns this off.
        clipvalue: Clip every number of the gradients to at most this distance from 0; null turns this off.
        use_ema: Keep moving averages of the weights, which replace the weights when training ends, so that they are
            evaluated and saved. Until then, validation and checkpoints use the weights; with `callbacks=[ema]`,
            validation uses the averages.
        ema_momentum: Share of the previous average in the next one.
        ema_overwrite_frequency: Also replace the weights every this many updates; null only when training ends.
    """

    epochs: int = 5
    steps_per_epoch: int | None = None
    validation_steps: int | None = None
    validation_freq: int = 1
    validation_interval: int | None = None
    validation_seconds: float | None = None
    validation_fractions: list[float] = field(default_factory=list)
    initial_epoch: int = 0
    verbose: Any = "auto"
    run_eagerly: bool = False
    jit_compile: bool | None = None
    steps_per_execution: int = 1
    gradient_accumulation_steps: int | None = None
    clipnorm: float | None = None
    global_clipnorm: float | None = None
    clipvalue: float | None = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: int | None = None

    @property
    def verbosity(self) -> int:
        """`verbose` as a number."""
        if self.verbose == "auto":
            return 1 if sys.stdout.isatty() else 2
        return int(self.verbose)


@dataclass
class SnapshotsConfig:
    """When the complete training state is written, for `resume`; null turns one of the conditions off.

    A snapshot is always written when training ends, and when a signal ends it.

    Attributes:
        every_epochs: Write a snapshot every this many epochs.
        every_steps: Write one every this many steps, counted through all epochs.
        every_seconds: Write one when this many seconds have passed since the last one.
        keep: How many of the newest to keep.
    """

    every_epochs: int | None = 1
    every_steps: int | None = None
    every_seconds: float | None = 30.0
    keep: int = 2


def open_weighting() -> DictConfig:
    """Returns the weighting that a choice of `conf/weighting` is merged into; its keys may also be target names."""
    return DictConfig({"missing": None}, flags={"struct": False})


@dataclass
class PipelineConfig:
    """The whole config.

    Attributes:
        task: What to do: train, evaluate, predict, report, lr_find, benchmark, inspect.
        data: Where examples come from.
        split: How validation and test splits are split from the training data.
        folds: Cross-validation: train this number of models, each tested on a different part of the data and trained
            on the rest, of which `split.validation` is used for validation; null for a single training. Folds follow
            `split.method`: random, stratified, whole groups, `time` (later rows after growing training parts) or
            `last` (in row order).
        fold: Train only this fold of `folds`, counted from 1, as a separate run; null for all of them.
        loader: The form in which batches reach training.
        weighting: How much each example counts: one choice, or one choice per target, such as `{kind: balanced, score:
            {column: w}}`, by its name, by its keys (`{weights: …}` are class weights; `column`, `array` and `function`
            sample weights; `{mask: {column: …}}` names any choice) or by a `_target_`. With any of them, `missing` says
            how missing labels are treated: `refuse` them, `mask` them (empty, NaN or None: weight 0 for their target in
            every split), or a whole number, the id that marks them in targets of whole numbers, which masks them too.
            null refuses them, but leaves the rows of a table to `data.missing_target`.
        model: The network.
        optimizer: Any Keras optimizer by `name`, or a `_target_`.
        schedule: The learning rate over steps, as long as the training unless it sets its own length; null keeps it
            constant. A step is one batch, accumulated or not, counted from `trainer.initial_epoch`. Your own target
            receives the number of all steps, None if unknown, if it has an argument `training_steps`. A resumed run
            with more epochs continues as if it had been that long from the start.
        precision: Keras' dtype policy for all layers: `mixed_bfloat16` or `mixed_float16` computes in 16 bits, keeps
            weights and outputs in 32, and scales the loss where float16 needs it; `float32`, `float64`, `bfloat16` and
            `float16` use one type throughout; null uses Keras' own setting, float32 unless its config says otherwise.
        loss: As in `compile`: a name, a `_target_`, a list by position or a mapping by output name; `auto` chooses the
            one that fits the target: cross-entropy for classes and labels, squared error for numbers.
        loss_weights: As in `compile`.
        metrics: As in `compile`; `auto` chooses accuracy for classes and labels, absolute error for numbers.
        positive: The class that metrics such as precision and AUC treat as positive, by its name, or one by target
            name; null takes the second of two classes, and with more classes each class against the others.
        weighted_metrics: As in `compile`.
        target_scaling: How a built-in model scales a numeric target internally, so that its outputs and metrics stay in
            the data's own unit: `standard`, by mean and standard deviation of the training split; `log`, the same for
            the logarithm, for skewed numbers of 0 or more; `none`; or one by target name. The loss is computed on
            scaled numbers. `auto` is `standard` for mean_squared_error, mean_absolute_error, huber and log_cosh, and
            positive outputs for poisson.
        trainer: How long and how to train.
        callbacks: `keras.callbacks` or your own, by name.
        validation_sets: Further data to validate on, by name: values that differ from `data`, such as `{winter: {path:
            winter.csv}}`, or a whole source with a `_target_`. Their metrics are `val_<name>_<metric>`.
        tracking: Where else to record the run; null for its folder only.
        report: Whether training ends by writing `report.html`.
        runs: Folders of the runs that a report compares.
        run: Folder of the run that evaluate and predict work on; `latest` is the newest run here with a trained
            model, also for entries of `runs`.
        resume: Continue an unfinished training: `auto` finds the run with the same config that got furthest, or starts
            a new one if there is none; a run folder needs no further arguments and may be given more
            `trainer.epochs`; `latest` is the newest training here.
        snapshots: When the training state is written for `resume`.
        seed: Seed of weights, shuffles, dropout and splits.
        optimized_metric: What a sweep optimises: a metric named as in Keras, prefixed with `val_` or `test_` for those
            splits; null takes the validation loss, or the training loss if there is no validation split.
        evaluate_splits: Splits to evaluate after training.
        debug: Show tracebacks.
        trust: Your own packages, besides those in the environment variable PIPELINE_TRUST, whose code config files may
            call by `_target_`. Only on the command line, where a `_target_` also trusts its own package. The word
            `network` lets config files make Keras and pipeline components send and download; `files` lets them make
            Keras components read files; `environment` lets them read variables into any value.
    """

    task: Any = None
    data: Any = None
    split: SplitConfig = field(default_factory=SplitConfig)
    folds: int | None = None
    fold: int | None = None
    loader: Any = None
    weighting: Any = field(default_factory=open_weighting)
    model: Any = None
    optimizer: Any = None
    schedule: Any = None
    precision: str | None = None
    loss: Any = "auto"
    loss_weights: Any = None
    metrics: Any = "auto"
    weighted_metrics: Any = None
    positive: Any = None
    target_scaling: Any = "auto"
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    callbacks: Any = field(default_factory=dict)
    validation_sets: Any = None
    tracking: Any = None
    report: bool = True
    run: str | None = None
    resume: str | None = None
    snapshots: SnapshotsConfig = field(default_factory=SnapshotsConfig)
    runs: list[str] | None = None
    seed: int = 0
    optimized_metric: str | None = None
    evaluate_splits: list[str] = field(default_factory=lambda: ["train", "validation", "test"])
    debug: bool = False
    trust: list[str] = field(default_factory=list)


def register() -> None:
    """Puts the schema into Hydra's ConfigStore, and the resolvers of run folders and variables into OmegaConf."""
    environment.register()
    ConfigStore.instance().store(name="schema", node=PipelineConfig)
    OmegaConf.register_new_resolver("new_folder", _run_folder, replace=True)


def _run_folder(parent: str, *, _root_: DictConfig) -> str:
    """Returns the folder that a command works in, always the same one: that of the run it resumes, or a new one."""
    folders = OmegaConf.get_cache(_root_)["new_folder"]
    if parent not in folders:
        folders[parent] = folder_to_resume(_root_, parent) or new_folder(parent)
    return str(folders[parent])


def new_folder(parent: str) -> str:
    """Makes a new folder `parent/<date>/<time>` and returns it, with a number added if another run has that time.

    Raises:
        ConfigError: A config file, not the user, names another parent folder than the pipeline's own.
    """
    if parent not in PARENTS and not trust.current().typed(parent) and not trust.current().covers("hydra"):
        raise ConfigError(
            f"'{parent}' is not a folder for runs; use {' or '.join(PARENTS)}, or set it on the command line"
        )
    now = datetime.now()
    for number in itertools.count(1):
        suffix = f"_{number}" if number > 1 else ""
        folder = Path(parent) / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except FileNotFoundError:
            # Another command that failed has just removed the empty date folder.
            if number < 10:
                continue
            raise
        except OSError as error:
            raise ConfigError(
                f"hydra.run.dir: cannot create '{folder}': {error.strerror}; set hydra.run.dir=DIR to another folder"
            ) from error
        return str(folder)
    raise AssertionError
