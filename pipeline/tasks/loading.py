"""The data of a config, which several tasks begin with."""

from __future__ import annotations

from pipeline.config import PipelineConfig
from pipeline.data.folds import Fold, fold_splits, folds_of
from pipeline.data.splits import Splits
from pipeline.data.stage import load_splits, load_whole
from pipeline.weighting import weigh
from pipeline.weighting.build import build_weightings
from pipeline.weighting.choices import missing_labels


def splits_of(config: PipelineConfig) -> Splits:
    """Loads the splits of a config, or of the one fold that it names, targets settled by its losses."""
    if config.folds is not None and config.fold is not None:
        whole, folds = folds_of_config(config)
        return fold_splits(whole, folds[config.fold - 1], config.split, config.seed)
    return load_splits(
        config.data,
        config.split,
        config.seed,
        loss=config.loss,
        positive=config.positive,
        missing=missing_labels(config.weighting),
    )


def folds_of_config(config: PipelineConfig) -> tuple[Splits, list[Fold]]:
    """Loads the data of a cross-validation, and returns it with its folds."""
    assert config.folds is not None
    whole = load_whole(
        config.data,
        config.split,
        loss=config.loss,
        positive=config.positive,
        missing=missing_labels(config.weighting),
    )
    return whole, folds_of(whole.train, config.split, config.folds, config.seed)


def weighed_splits_of(config: PipelineConfig) -> Splits:
    """Loads the splits of a config, weighed as it says."""
    return weigh(splits_of(config), build_weightings(config.weighting))
