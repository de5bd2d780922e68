"""What Keras' parts send, download, read and write by their arguments, and what a config file may not give them.

Keras has arguments that look like settings but are files or addresses: a vocabulary is read into the saved model,
weights given by name are downloaded, and a path such as `gs://…` uses the network. Each argument of this kind is judged
here. A test walks through Keras and fails on any that is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipeline.security import trust
from pipeline.security.judgements import Argument, Kind, is_typed, mistake, unjudged, vouched, way_to_allow

SENDERS: Mapping[str, str] = MappingProxyType({"keras.callbacks.RemoteMonitor": "root"})
"""Parts that send whatever they are given, with the argument that says whom to send to."""
WRITERS = "keras.callbacks"
"""The module of Keras whose parts write files."""
_WRITES, _READS, _SENDS, _HARMLESS = (Argument(kind) for kind in (Kind.WRITES, Kind.READS, Kind.SENDS, Kind.HARMLESS))
ARGUMENTS: Mapping[str, Mapping[str, Argument]] = MappingProxyType(
    {
        "keras.applications": {
            "weights": Argument(Kind.WEIGHTS, default="imagenet"),
            **dict.fromkeys(("alpha", "classes", "classifier_activation"), _HARMLESS),
        },
        "keras.callbacks.BackupAndRestore": {"backup_dir": _WRITES, "double_checkpoint": _HARMLESS},
        "keras.callbacks.CSVLogger": {"filename": _WRITES, "append": _HARMLESS, "separator": _HARMLESS},
        "keras.callbacks.EarlyStopping": {"restore_best_weights": _HARMLESS},
        "keras.callbacks.ModelCheckpoint": {
            "filepath": _WRITES,
            **dict.fromkeys(("initial_value_threshold", "mode", "save_weights_only"), _HARMLESS),
        },
        "keras.callbacks.OrbaxCheckpoint": {"directory": _WRITES, "save_weights_only": _HARMLESS},
        "keras.callbacks.RemoteMonitor": dict.fromkeys(("field", "headers", "path", "root"), _SENDS),
        "keras.callbacks.SwapEMAWeights": {"swap_on_epoch": _HARMLESS},
        "keras.callbacks.TensorBoard": {
            "log_dir": Argument(Kind.WRITES, default="logs"),
            # TensorBoard reads it when it shows the run.
            "embeddings_metadata": _READS,
            **dict.fromkeys(("profile_batch", "write_graph", "write_images"), _HARMLESS),
        },
        "keras.constraints": dict.fromkeys(("axis", "max_value", "min_value", "rate"), _HARMLESS),
        "keras.dtype_policies": {"mode": _HARMLESS},
        "keras.layers": {
            "vocabulary": _READS,
            # Arrays of numbers, and their initializers, constraints and regularizers.
            **dict.fromkeys(("idf_weights", "tie_weights", "vocabulary_dtype", "weights"), _HARMLESS),
            **dict.fromkeys(("alpha_constraint", "alpha_initializer", "alpha_regularizer"), _HARMLESS),
            **dict.fromkeys(("kernel_constraint", "kernel_initializer", "kernel_regularizer"), _HARMLESS),
            **dict.fromkeys(("recurrent_constraint", "recurrent_initializer", "recurrent_regularizer"), _HARMLESS),
            **dict.fromkeys(("data_format", "depthwise_constraint", "dtype"), _HARMLESS),
        },
        "keras.losses": {"reduction": _HARMLESS},
        "keras.metrics": {"label_weights": _HARMLESS},
        "keras.optimizers": dict.fromkeys(
            (
                "ema_momentum", "epsilon", "exclude_layers", "global_clipnorm", "l2_shrinkage_regularization_strength",
                "name", "use_ema",
            ),
            _HARMLESS,
        ),
    }
)  # fmt: skip
"""Judgements by part, or by module if they hold for all of its parts."""


def judgements(target: str) -> dict[str, Argument]:
    """Returns the judged arguments of a Keras part, by Keras' own name for it."""
    return {**ARGUMENTS.get(target.rpartition(".")[0], {}), **ARGUMENTS.get(target, {})}


def judgement(target: str, name: str) -> Argument | None:
    """Returns what an argument of a Keras part is, by Keras' own name for the part; None if it reaches nothing.

    An argument of a callback that nobody has judged, as a later Keras may have, is what its name sounds like.
    """
    judged = judgements(target).get(name)
    if judged is not None or not trust.is_within(target, WRITERS):
        return judged
    return unjudged(name)


def argument_mistakes(key: str, node: Mapping[str, Any]) -> list[str]:
    """Returns one line per value by which a config file would make a Keras part read, download or send.

    Nothing is imported. `pipeline.security.destinations` checks that writing stays in the run folder.

    Args:
        key: The config key of a node.
        node: The node, which has a `_target_`: plain dicts, lists and values, with all interpolations resolved.
    """
    target = trust.as_keras(str(node["_target_"]))
    if vouched(target):
        return []
    asked_for = trust.typed(f"{key}._target_")
    refused = None if asked_for else _sender_mistake(key, target)
    if refused is not None:
        return [refused]
    found = []
    for name, argument in judgements(target).items():
        place = f"{key}.{name}"
        if name in node and not is_typed(place, node[name]):
            found.append(mistake(place, argument, node[name]))
        elif name not in node and argument.default is not None and not asked_for and not trust.typed(place):
            found.append(_default_mistake(place, argument))
    return [line for line in found if line is not None]


def _sender_mistake(key: str, target: str) -> str | None:
    place = f"{key}.{SENDERS.get(target)}"
    if target not in SENDERS or trust.typed(place) or "network" in trust.current().words:
        return None
    return f"{key}: {target} sends, and a config file says whom to send to; {way_to_allow('network', place)}"


def _default_mistake(place: str, argument: Argument) -> str | None:
    missing = f"{place}: missing, so that Keras takes '{argument.default}'"
    if argument.kind is Kind.WRITES:
        return f"{missing}; use a path in ${{hydra:runtime.output_dir}}, or give one on the command line"
    refused = mistake(place, argument, argument.default)
    return None if refused is None else f"{missing}, by network; use null, or {way_to_allow('network', place)}"
