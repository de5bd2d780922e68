"""What evaluate and predict share: the model of a run, and the data that the command names."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import keras
from keras.src.saving.serialization_lib import SafeModeScope

from pipeline.config import components
from pipeline.config.schema import PipelineConfig, SplitConfig
from pipeline.data.examples import Examples
from pipeline.data.matching import match_classes, match_inputs, with_positive
from pipeline.data.spec import DataSpec, spec_from_dict
from pipeline.data.spec_shape import TRAINED
from pipeline.data.splits import Splits
from pipeline.data.stage import load_splits
from pipeline.data.streams import BatchStream, Data
from pipeline.errors import ConfigError, one_line
from pipeline.evaluation.constants import Constants, constants_from
from pipeline.models import build_model
from pipeline.run.names import FACTS_FILE, WEIGHTS
from pipeline.run.read_back import config_of_run, model_file
from pipeline.security import trust
from pipeline.security.reading import ABSENT, read_json
from pipeline.security.shapes import checked
from pipeline.tasks.loading import splits_of
from pipeline.training import signature_of
from pipeline.training.saving import own_classes
from pipeline.weighting.choices import missing_labels

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SavedRun:
    """A run that was trained.

    Attributes:
        folder: Its folder.
        spec: The form of its training data.
        constants: What trivial predictors learn from that data, by output.
    """

    folder: Path
    spec: DataSpec
    constants: Mapping[str, Constants]

    def model(self, node: Mapping[str, Any]) -> keras.Model:
        """Loads its model, which may contain only Keras' code, registered code, and classes of the module it is from.

        If the run has only weights, the model is built again and the weights are loaded into it.

        Args:
            node: The config's `model`. The module of its target is imported first, since it may define or register
                classes.

        Raises:
            ConfigError: The model cannot be loaded.
        """
        target = node["_target_"]
        components.find(target)
        path = model_file(self.folder)
        try:
            if path.name == WEIGHTS:
                return self._built(node, path)
            # An earlier `enable_unsafe_deserialization` would otherwise take precedence over the argument.
            with (
                SafeModeScope(safe_mode=True),
                keras.saving.CustomObjectScope(own_classes(target)),
                warnings.catch_warnings(),
            ):
                # Column names that are not valid for layers are still the keys of its inputs.
                warnings.filterwarnings("ignore", message="When providing `inputs` as a dict")
                return keras.saving.load_model(path, compile=False, safe_mode=True)
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(f"run: '{path}' cannot be loaded: {one_line(error)}") from error

    def _built(self, node: Mapping[str, Any], weights: Path) -> keras.Model:
        if components.takes(node["_target_"], "examples"):
            raise ConfigError(
                f"run: '{self.folder}' has weights alone, and {node['_target_']} needs the training data too; "
                "use a model that can be saved"
            )
        model = build_model(node, BatchStream(self.spec, lambda _: ()))
        # A model of a user's own class creates its weights only when it is called.
        signature_of(model, self.spec)
        model.load_weights(weights)
        return model


def open_run(folder: str | None) -> SavedRun:
    """Opens the run that a command names by its folder.

    Raises:
        ConfigError: No run is named, or its training did not finish.
    """
    if folder is None:
        raise ConfigError("run: missing; use run=latest, or run=DIR with the folder that a finished training printed")
    path = Path(folder)
    model_file(path)
    facts = _facts(path)
    return SavedRun(path, spec_from_dict(facts["spec"]), constants_from(facts.get("baseline_constants", {})))


def _facts(folder: Path) -> dict[str, Any]:
    file = folder / FACTS_FILE
    try:
        facts: dict[str, Any] = checked(TRAINED, read_json(file, "run"), f"run: '{file}'")
    except ABSENT as error:
        raise ConfigError(f"run: '{file}' is missing; expected the folder of a finished training") from error
    return facts


def data_of_command(
    config: PipelineConfig, split: str | None, spec: DataSpec, *, other_data: bool, with_targets: bool
) -> tuple[str, Data, Splits | None]:
    """Returns the name of the data that a command names, the data, and all splits of the run's own data.

    Args:
        config: The run's config with the changes of this command.
        split: The requested split; None for the test split of the run's own data, and for all of other data unless
            that has a test split.
        spec: The form of the training data.
        other_data: Whether the command names other data than the run's own.
        with_targets: Whether targets are needed.

    Raises:
        ConfigError: The split does not exist.
        DataError: The data has classes that the model does not know.
    """
    if other_data and split is None:
        splits = load_splits(
            config.data,
            SplitConfig(),
            config.seed,
            loss=config.loss,
            missing=missing_labels(config.weighting),
            with_targets=with_targets,
            to_train=False,
            like=spec,
        )
        name = "test" if splits.test is not None else "train"
    else:
        if not other_data:
            _check_same_splits()
        splits = splits_of(replace(config, positive=None), spec)
        name = split or "test"
        if not other_data:
            _warn_if_changed(config, name, splits.named(name))
    data = match_inputs(splits.named(name), spec)
    if config.data.get("inputs") and trust.typed("data.inputs") and set(config.data["inputs"]) != set(spec.inputs):
        raise ConfigError(f"data.inputs: the model takes the inputs {', '.join(spec.inputs)}; leave this key out")
    found = with_positive(match_classes(data, spec), config.positive) if with_targets else data
    return ("data" if other_data and split is None else name), found, None if other_data else splits


def _check_same_splits() -> None:
    """Refuses settings that would split a run's own data differently than in its training."""
    for key in ("seed", *(f"split.{field.name}" for field in fields(SplitConfig)), "split"):
        if trust.typed(key):
            raise ConfigError(f"{key}: would set other rows apart than the training did; leave this key out")


def _warn_if_changed(config: PipelineConfig, name: str, data: Data) -> None:
    """Warns if a split of a run's own data has other rows than in training, if that can be determined."""
    folder = Path(config.run or "")
    known = _facts(folder).get("data", {}).get(name, {})
    if not isinstance(data, Examples) or "sha256" not in known:
        return
    trained = config_of_run(folder).get("data")
    columns = {*((trained or {}).get("columns") or ()), config.split.column}
    found = replace(data, columns={n: values for n, values in data.columns.items() if n in columns}).fingerprint()
    if found["sha256"] != known["sha256"]:
        log.warning(
            "the data has changed since the training: the model may have been trained on rows of its %s split",
            name,
        )
