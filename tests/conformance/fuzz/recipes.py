"""Models as plain values: what they are made of, and how they are compiled."""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance.fuzz.draws import Draws

ARCHITECTURES = ("sequential", "functional", "several", "subclassed", "recurrent", "convolution")
TARGETS = ("number", "binary", "class", "one hot")
OPTIMIZERS = ("sgd", "momentum", "adam", "rmsprop", "adamw", "nadam", "lion")
SETTINGS = (
    "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_overwrite", "accumulation", "loss_scale", "schedule",
    "weight_decay", "dynamic_loss_scale",
)  # fmt: skip
OVERRIDES = ("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics", "metrics")
EXTRAS = ("dropout", "batch_norm", "regularizer", "activity_regularizer", "shared", "unbuilt", "frozen", "add_loss")


@dataclass(frozen=True)
class Recipe:
    """A model.

    Attributes:
        number: What its initial weights are drawn from.
        architecture: One of `ARCHITECTURES`.
        nest: How several inputs and outputs are nested: `list`, `tuple` or `dict`; `single` for one of each.
        targets: Kind of each output's target; `sequence` has a class for each position.
        extras: Some of `EXTRAS`.
        overrides: Methods that a subclass of `keras.Model` overrides.
        built: Whether it has its weights before training.
        input_dtype: Of the numbers that it is given.
        floatx: Keras' type of floating point numbers.
        policy: Its dtype policy; None for that of `floatx`.
        optimizer: One of `OPTIMIZERS`.
        settings: Of the optimizer.
        losses: `same` for one loss of all outputs, `nest` for such as the outputs, `partial` where the last has none.
        loss_weights: Whether losses have weights.
        from_logits: Whether outputs of classes are logits.
        metrics: `none`, `names`, `objects` or `nest`; `at logit 0` for names that look at logits as ours does.
        weighted_metrics: As `metrics`.
        steps_per_execution: See `keras.Model.compile`.
        run_eagerly: See there.
        jit_compile: See there.
    """

    number: int
    architecture: str
    nest: str
    targets: tuple[str, ...]
    extras: tuple[str, ...]
    overrides: tuple[str, ...]
    built: bool
    input_dtype: str
    floatx: str
    policy: str | None
    optimizer: str
    settings: tuple[str, ...]
    losses: str
    loss_weights: bool
    from_logits: bool
    metrics: str
    weighted_metrics: str
    steps_per_execution: int
    run_eagerly: bool
    jit_compile: bool | str


def drawn_recipe(number: int) -> Recipe:
    """Returns the model of a number."""
    draws = Draws(number, 1)
    architecture = draws.pick(*ARCHITECTURES, "several", "functional", "sequential", "subclassed")
    several = architecture == "several"
    targets = _targets(draws, architecture)
    overrides = draws.some(OVERRIDES, 0.2) if architecture == "subclassed" else ()
    floatx = draws.pick(*["float32"] * 9, "float64")
    settings = draws.some(SETTINGS, 0.13)
    extras = draws.some(EXTRAS, 0.25)
    losses = draws.pick("nest", "nest", "partial", "same") if several else "nest"
    return Recipe(
        number=number,
        architecture=architecture,
        nest=draws.pick("list", "tuple", "dict", "dict") if several else "single",
        targets=targets,
        extras=tuple(one for one in extras if one != "add_loss" or architecture == "subclassed"),
        overrides=overrides,
        built=architecture not in ("sequential", "subclassed") or draws.chance(0.6),
        input_dtype=_input_dtype(draws, architecture),
        floatx=floatx,
        policy=draws.pick(*[None] * 9, "mixed_float16") if floatx == "float32" else None,
        optimizer=draws.pick(*OPTIMIZERS),
        settings=_compatible(settings, extras),
        losses=losses,
        # One loss of all outputs takes one weight.
        loss_weights=several and losses != "same" and draws.chance(0.4),
        from_logits=draws.chance(0.2),
        metrics=draws.pick("none", "names", "names", "objects", "nest"),
        weighted_metrics=draws.pick("none", "none", "names", "objects"),
        steps_per_execution=draws.pick(*[1] * 7, 2, 3),
        run_eagerly=draws.chance(0.2),
        jit_compile=draws.pick(*[False] * 18, "auto", True),
    )


def _targets(draws: Draws, architecture: str) -> tuple[str, ...]:
    if architecture == "recurrent" and draws.chance(0.5):
        return ("sequence",)
    return tuple(draws.pick(*TARGETS) for _ in range(draws.pick(2, 2, 3) if architecture == "several" else 1))


def _input_dtype(draws: Draws, architecture: str) -> str:
    if architecture == "recurrent":
        return draws.pick("int32", "int64")
    if architecture == "convolution":
        return draws.pick("uint8", "float32", "uint8")
    return draws.pick("float32", "float32", "float32", "float64", "uint8", "bool", "int64", "float16")


def _compatible(settings: tuple[str, ...], extras: tuple[str, ...]) -> tuple[str, ...]:
    """Returns settings of which Keras takes all: one way of clipping, one of scaling the loss, and EMA to overwrite."""
    chosen = list(settings)
    if "frozen" in extras:
        # Keras writes the averages into variables in their order, and counts those that are frozen.
        chosen = [setting for setting in chosen if setting not in ("use_ema", "ema_overwrite")]
    for group in (("clipnorm", "clipvalue", "global_clipnorm"), ("loss_scale", "dynamic_loss_scale")):
        for one in [setting for setting in chosen if setting in group][1:]:
            chosen.remove(one)
    if "ema_overwrite" in chosen and "use_ema" not in chosen:
        chosen.append("use_ema")
    return tuple(chosen)
