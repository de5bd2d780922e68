"""The data of a config, which several tasks begin with."""

from __future__ import annotations

from pipeline.config import PipelineConfig
from pipeline.data.splits import Splits
from pipeline.data.stage import load_splits
from pipeline.weighting import weigh
from pipeline.weighting.build import build_weightings
from pipeline.weighting.choices import missing_labels


def splits_of(config: PipelineConfig) -> Splits:
    """Loads the splits of a config, their targets settled by its losses; see `load_splits`."""
    return load_splits(
        config.data,
        config.split,
        config.seed,
        loss=config.loss,
        positive=config.positive,
        scaling=config.target_scaling,
        missing=missing_labels(config.weighting),
    )


def weighed_splits_of(config: PipelineConfig) -> Splits:
    """Loads the splits of a config, weighed as it says."""
    return weigh(splits_of(config), build_weightings(config.weighting))
