"""The config's schema: every key that is not a component's own, what it means, and its default.

Components (data, model, optimizer, …) are open nodes with a `_target_`; their arguments are checked against the
target's signature by `pipeline.config.components`. Another `_target_`, in a file or typed, replaces a component with
all its arguments, see `pipeline.config.composition.own_targets`.
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
"""The largest seed that NumPy takes, and more than any count needs."""


REFUSE, MASK = "refuse", "mask"
"""What `weighting.missing` says: a missing label is a mistake, or counts nothing."""

PRECISIONS = ("mixed_bfloat16", "mixed_float16", "float32", "float64", "bfloat16", "float16")
"""Keras' dtype policies of whole models."""


@dataclass
class SplitConfig:
    """How validation and test examples are set apart where the source does not bring them.

    Attributes:
        validation: Share (below 1) or number (1 or more) of examples; of batches for a stream of batches; 0 for none.
        test: The same for the test split, which is set apart first.
        method: `last` (the last examples), `random`, `stratified` (random with the class shares kept), `auto`
            (stratified where one class an example is to be predicted, else random), `group` (rows of a group together,
            sizes and class shares as near as that allows), `time` (the latest rows are the test split, those before
            them validation; rows without a time are trained on), or `column`.
        column: For `column`: the column whose values say train, validation or test; for `group`, whose equal values
            are a group, each row without one a group of its own; for `time`, of dates or numbers. Any column of the
            data; of a table, one that is not named in `data.inputs` is no input then, but for `time`.
        target: For `stratified`, `auto` and `group`: the target to keep the shares of; null for the only one.
    """

    validation: float = 0.0
    test: float = 0.0
    method: str = "last"
    column: str | None = None
    target: str | None = None


@dataclass
class TrainerConfig:
    """How long and how to train; the terms are those of `keras.Model.fit`, `compile` and Keras' optimizers.

    Attributes:
        epochs: Number of epochs.
        steps_per_epoch: Steps an epoch, which continue through the data and wrap around; null for one pass.
        validation_steps: Validate on that many first batches, the same ones each time; null for all.
        validation_freq: Validate each that many epochs.
        validation_interval: Validate each that many steps too, within epochs; null for at their ends only.
        validation_seconds: Validate each that many seconds too; null for not.
        validation_fractions: Validate at these fractions of each epoch too, such as [0.25, 0.5, 0.75].
        initial_epoch: Number of the first epoch, counted from 0.
        verbose: 0 shows nothing, 1 live bars and a line an epoch, 2 the line only; auto is 1 in a terminal, else 2.
        run_eagerly: Run steps without compiling them, for debugging.
        jit_compile: XLA on or off; null chooses by the model and by how long it is trained.
        steps_per_execution: Batches a call where a callback looks at batches; without such, calls take half a second.
        gradient_accumulation_steps: Update weights each that many steps, with the mean of their gradients; null or 1
            for each step. Epochs, schedules and callbacks count all steps.
        clipnorm: Scale the gradient of each variable down to that norm, if it is longer; null for not.
        global_clipnorm: Scale all gradients together down to that norm; null for not.
        clipvalue: Cut each number of the gradients to that distance from 0; null for not.
        use_ema: Keep moving averages of the weights, which replace the weights when training ends: they are what is
            evaluated and saved. Validation and checkpoints before that have the weights; with `callbacks=[ema]`,
            validation has the averages.
        ema_momentum: Share of the average before in the next one.
        ema_overwrite_frequency: Replace the weights each that many updates too; null for at the end only.
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
    """When the whole state of a training is written, for `resume`; null for one of them means not so.

    One is always written when training ends, and when a signal ends it.

    Attributes:
        every_epochs: Write a snapshot each that many epochs.
        every_steps: Write one each that many steps, counted through all epochs.
        every_seconds: Write one when that many seconds have passed since the last one.
        keep: How many of the newest are kept.
    """

    every_epochs: int | None = 1
    every_steps: int | None = None
    every_seconds: float | None = 30.0
    keep: int = 2


def open_weighting() -> DictConfig:
    """Returns the weighting that a choice of `conf/weighting` is merged into; its keys may be names of targets too."""
    return DictConfig({"missing": None}, flags={"struct": False})


@dataclass
class PipelineConfig:
    """The whole config.

    Attributes:
        task: What to do: train, evaluate, predict, report, lr_find, benchmark, inspect.
        data: Where examples come from.
        split: How validation and test splits are set apart.
        folds: Cross-validation: train that many models, each tested on another part of the data and trained on the
            rest, of which `split.validation` validates; null for one training. Folds follow `split.method`: random,
            stratified, whole groups, by `time` the later rows after growing training parts, by `last` as rows stand.
        fold: Train that fold of `folds` only, counted from 1, as a run of its own; null for all of them.
        loader: The form in which batches reach training.
        weighting: Which examples count how much: one choice, or one for each target, such as `{kind: balanced, score:
            {column: w}}`, by its name, by keys of one (`{weights: …}` are class weights; `column`, `array` and
            `function` sample weights; `{mask: {column: …}}` names any) or by a `_target_`. With any, `missing` says
            what a label that is missing means: `refuse` it, `mask` it (empty, NaN or None: weight 0 for its target in
            every split), or a whole number, the id that stands for one in targets of whole numbers; it masks too. null
            refuses it, but leaves the rows of a table to `data.missing_target`.
        model: The network.
        optimizer: Any Keras optimizer by `name`, or a `_target_`.
        schedule: The learning rate over steps, as long as the training if it does not say otherwise; null keeps it
            constant. Steps are batches, accumulated or not, from `trainer.initial_epoch` on. A target of yours that has
            an argument `training_steps` gets the number of all of them, None if nobody knows. A resumed training with
            more epochs goes on as if it had been that long from the start.
        precision: Keras' dtype policy of all layers: `mixed_bfloat16` or `mixed_float16` computes in 16 bits, keeps
            weights and outputs in 32, and scales the loss where float16 needs it; `float32`, `float64`, `bfloat16` and
            `float16` are of one type throughout; null is what Keras is set to, float32 unless its own config says
            otherwise.
        loss: As in `compile`: a name, a `_target_`, a list by position or a mapping by output name; `auto` for the one
            that suits the target: cross-entropy of classes and labels, squared error of numbers.
        loss_weights: As in `compile`.
        metrics: As in `compile`; `auto` for the accuracy of classes and labels, the absolute error of numbers.
        positive: Class that metrics such as precision and AUC take for the positive one, by its name, or one by target
            name; null for the second of two, and of more for each class against the others.
        weighted_metrics: As in `compile`.
        target_scaling: How a model of ours scales a target of numbers inside, so that its outputs and metrics are in
            the unit of the data whatever that is: `standard`, by mean and deviation of the training split; `log`, the
            same of the logarithm, for skewed numbers of 0 or more; `none`; or one by target name. The loss is that of
            scaled numbers. `auto` is `standard` for mean_squared_error, mean_absolute_error, huber and log_cosh, and
            positive outputs for poisson.
        trainer: How long and how to train.
        callbacks: `keras.callbacks` or your own, by name.
        validation_sets: Further data to validate on, by name: values of `data` that differ, such as `{winter: {path:
            winter.csv}}`, or a whole source with a `_target_`. Their values are `val_<name>_<metric>`.
        tracking: Where else to record the run; null for its folder only.
        report: Whether a training ends with `report.html`.
        runs: Folders of the runs that a report compares.
        run: Folder of the run that evaluate and predict work on; `latest` is the newest one here that has a trained
            model, in `runs` too.
        resume: Go on with a training that did not finish: `auto` finds the one of the same config that came furthest,
            and begins one if there is none; or its folder, which needs no further arguments, and may get more
            `trainer.epochs`; or `latest`, the newest training here.
        snapshots: When the state of a training is written for that.
        seed: Seed of weights, shuffles, dropout and splits.
        optimized_metric: What a sweep optimises: a metric named as in Keras, with `val_` or `test_` in front for those
            splits; null returns the validation loss, or the training loss where there is no validation split.
        evaluate_splits: Splits to evaluate after training.
        debug: Show tracebacks.
        trust: Packages of yours, besides those of the environment variable PIPELINE_TRUST, whose code config files may
            call by `_target_`; on the command line only, where a `_target_` that is typed names its package too.
            The word `network` lets config files have parts of Keras and of ours send and download; the word `files`
            lets them have parts of Keras read files; the word `environment` lets them read variables into any value.
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
    """Returns the folder that a command works in, the same one each time: that of the run it resumes, or a new one."""
    folders = OmegaConf.get_cache(_root_)["new_folder"]
    if parent not in folders:
        folders[parent] = folder_to_resume(_root_, parent) or new_folder(parent)
    return str(folders[parent])


def new_folder(parent: str) -> str:
    """Makes a new folder `parent/<date>/<time>` and returns it; a number is added if another run took that second.

    Raises:
        ConfigError: A config file, and not the user, names another parent than ours.
    """
    if parent not in PARENTS and not trust.current().typed(parent) and not trust.current().covers("hydra"):
        raise ConfigError(f"'{parent}' is no folder of runs; {' or '.join(PARENTS)}, or one that is typed, is right")
    now = datetime.now()
    for number in itertools.count(1):
        suffix = f"_{number}" if number > 1 else ""
        folder = Path(parent) / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except FileNotFoundError:
            # Another command that failed has just removed the empty folder of the date.
            if number < 10:
                continue
            raise
        except OSError as error:
            raise ConfigError(
                f"hydra.run.dir: '{folder}' cannot be made: {error.strerror}; another one, hydra.run.dir=DIR, is right"
            ) from error
        return str(folder)
    raise AssertionError
