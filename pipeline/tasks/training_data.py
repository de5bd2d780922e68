"""The data of a training: its splits, further validation sets, and the batches that the loader makes from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.config.schema import PipelineConfig
from pipeline.data.batches import Batches, evaluated
from pipeline.data.loaders.loader import Loader
from pipeline.data.splits import Splits
from pipeline.data.stage import build_loader, load_validation_sets
from pipeline.data.streams import Data
from pipeline.training.snapshots.opening import weights_fingerprints
from pipeline.weighting import weigh, weigh_split
from pipeline.weighting.choices import missing_labels
from pipeline.weighting.weighting import Weighting


@dataclass(frozen=True)
class TrainingData:
    """The data of a training.

    Attributes:
        splits: The splits.
        sets: Further validation sets by name.
        loader: Makes the batches.
        seed: The seed of the order of batches.
        fingerprints: A fingerprint of the examples of each split and, as `validation_sets.NAME`, of each set.
    """

    splits: Splits
    sets: Mapping[str, Data]
    loader: Loader
    seed: int
    fingerprints: Mapping[str, Any]

    @classmethod
    def load(cls, config: PipelineConfig, load: Callable[[], Splits]) -> TrainingData:
        """Loads the splits by a function, and the validation sets of the config."""
        splits = load()
        sets = load_validation_sets(
            config.validation_sets or {},
            config.data,
            config.seed,
            splits.train.spec,
            config.loss,
            missing_labels(config.weighting),
        )
        fingerprints = {name: data.fingerprint() for name, data in splits.present()}
        fingerprints |= {f"validation_sets.{name}": data.fingerprint() for name, data in sets.items()}
        return cls(splits, sets, build_loader(config.loader), config.seed, fingerprints)

    @property
    def fingerprints_of_splits(self) -> dict[str, Any]:
        """The fingerprints of the splits alone."""
        return {name: self.fingerprints[name] for name, _ in self.splits.present()}

    def weighed(self, weightings: Sequence[Weighting]) -> TrainingData:
        """Returns the data with the sample weights of the weightings."""
        sets = {name: weigh_split(data, weightings, "validation") for name, data in self.sets.items()}
        return replace(self, splits=weigh(self.splits, weightings), sets=sets)

    def facts(self) -> dict[str, Any]:
        """Returns what must be the same when the training is resumed."""
        return {"data": self.fingerprints, "weights": weights_fingerprints(self.splits)}

    def training_batches(self) -> Batches:
        """Returns the batches to train on."""
        return self._batches(self.splits.train, training=True)

    def validation_batches(self) -> dict[str, Batches]:
        """Returns the validation batches by name. The name of the validation split is empty."""
        held_out = {"": self.splits.validation, **self.sets}
        return {name: self._batches(data) for name, data in held_out.items() if data is not None}

    def evaluation_batches(self, validation_steps: int | None) -> dict[str, Batches]:
        """Returns the batches of each split in order, complete even if training uses only a part of them.

        Args:
            validation_steps: The config's `trainer.validation_steps`, which limits the validation split.
        """
        whole = {name: self._batches(data) for name, data in self.splits.present()}
        if "validation" in whole:
            whole["validation"] = evaluated(whole["validation"], validation_steps)
        return whole

    def _batches(self, data: Data, *, training: bool = False) -> Batches:
        return self.loader.batches(data, seed=self.seed, training=training)
