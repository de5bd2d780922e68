"""Loads the data of a config, as several tasks do first."""

from __future__ import annotations

from pipeline.config.schema import PipelineConfig
from pipeline.data.folds import Fold, fold_splits, folds_of
from pipeline.data.spec import DataSpec
from pipeline.data.splits import Splits
from pipeline.data.stage import load_splits, load_whole, scaled
from pipeline.weighting import weigh
from pipeline.weighting.build import build_weightings
from pipeline.weighting.choices import missing_labels


def splits_of(config: PipelineConfig, like: DataSpec | None = None) -> Splits:
    """Loads the splits of a config, or of the one fold that it names. Its losses decide the kinds of targets."""
    if config.folds is not None and config.fold is not None:
        whole, folds = folds_of_config(config, like)
        return splits_of_fold(config, whole, folds[config.fold - 1])
    return load_splits(
        config.data,
        config.split,
        config.seed,
        loss=config.loss,
        positive=config.positive,
        scaling=config.target_scaling,
        missing=missing_labels(config.weighting),
        like=like,
    )


def folds_of_config(config: PipelineConfig, like: DataSpec | None = None) -> tuple[Splits, list[Fold]]:
    """Loads the data of a cross-validation, and returns it with its folds."""
    assert config.folds is not None
    whole = load_whole(
        config.data,
        config.split,
        loss=config.loss,
        positive=config.positive,
        missing=missing_labels(config.weighting),
        like=like,
    )
    return whole, folds_of(whole.train, config.split, config.folds, config.seed)


def splits_of_fold(config: PipelineConfig, whole: Splits, fold: Fold) -> Splits:
    """Returns the splits of a fold, its targets scaled by its own training split."""
    return scaled(fold_splits(whole, fold, config.split, config.seed), config.target_scaling, config.loss)


def weighed_splits_of(config: PipelineConfig) -> Splits:
    """Loads the splits of a config with its sample weights."""
    return weigh(splits_of(config), build_weightings(config.weighting))
