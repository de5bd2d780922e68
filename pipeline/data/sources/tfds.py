"""TensorFlow Datasets: any dataset by name, or one prepared in a local folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.data.sources.tfds_download import download
from pipeline.data.sources.tfds_files import check_features
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.data.splits import Splits
from pipeline.data.streams import ExampleStream
from pipeline.errors import ConfigError, DataError, nearest
from pipeline.security.downloads import check_download
from pipeline.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    import tensorflow as tf

NAME = re.compile(r"[A-Za-z]\w*(/[\w.+-]+)*(:[\d*][\w.*]*)?")
"""Name, config and version; with a namespace, TFDS would import code from elsewhere."""


@dataclass(frozen=True)
class Tfds:
    """A dataset of https://www.tensorflow.org/datasets, with split strings such as `train[:80%]`.

    Attributes:
        name: Its name, with config and version if wanted (`mnist`, `glue/sst2`); or the folder of a prepared version,
            the one with `dataset_info.json`.
        train: Split string of the training data.
        validation: Split string of the validation data, or null.
        test: Split string of the test data, or null.
        data_dir: The folder of prepared datasets; null for TFDS' default.
        download: Whether to download and prepare a missing dataset.
        inputs: Features that are inputs: a list, or a mapping of names to features; null for the supervised input.
        targets: Features that are targets, in the same way.
        columns: Features to keep for weights, masks and splits.
        image_size: Height and width to resize images to; needed if their sizes vary.
    """

    name: str
    train: str
    validation: str | None
    test: str | None
    data_dir: str | None
    download: bool
    inputs: Any
    targets: Any
    columns: Sequence[str]
    image_size: Sequence[int] | None

    def check(self) -> None:
        """Refuses a folder that does not exist."""
        if self.data_dir is not None and not self.download and not Path(self.data_dir).expanduser().is_dir():
            raise DataError(f"data.data_dir: no folder '{self.data_dir}'")

    def keeping(self, column: str, *, is_time: bool) -> Self:  # noqa: ARG002
        """Returns a source that also reads a feature."""
        return self if column in self.columns else replace(self, columns=[*self.columns, column])

    def load(self, *, with_targets: bool = True) -> Splits:
        """See `Source`; every pass has the same order."""
        import_tensorflow()
        with _silence():
            builder = self._builder()
            inputs, targets = self._features(builder, with_targets)
            spec = self._spec(builder, inputs, targets)
            train, *others = (
                None if split is None else self._stream(builder, key, split, spec, {**inputs, **targets})
                for key, split in (("train", self.train), ("validation", self.validation), ("test", self.test))
            )
        assert train is not None
        return Splits(train, *others)

    def _builder(self) -> Any:
        import tensorflow_datasets as tfds

        folder = Path(self.name).expanduser()
        if (folder / "dataset_info.json").is_file():
            check_features(folder)
            return tfds.builder_from_directory(str(folder))
        if not NAME.fullmatch(self.name):
            raise DataError(
                f"data.name: expected the name of a TFDS dataset such as mnist or glue/sst2, got '{self.name}'"
            )
        data_dir = None if self.data_dir is None else str(Path(self.data_dir).expanduser())
        if data_dir is not None:
            check_features(Path(data_dir) / re.split("[/:]", self.name)[0])
        try:
            builder = tfds.builder(self.name, data_dir=data_dir)
        except (tfds.core.DatasetNotFoundError, ValueError) as error:
            known = tfds.list_builders(with_community_datasets=False)
            raise DataError(f"data.name: TFDS has no dataset '{self.name}'{nearest(self.name, known)}") from error
        if not builder.is_prepared():
            if not self.download:
                raise DataError(
                    f"data.name: '{self.name}' is not prepared in '{builder.data_path}'; "
                    "set data.download=true, or data.data_dir to its folder"
                )
            check_download(self.name)
            download(builder, self.name)
        return builder

    def _features(self, builder: Any, with_targets: bool) -> tuple[dict[str, str], dict[str, str]]:
        supervised = builder.info.supervised_keys or (None, None)
        found = []
        for key, given, default in (("inputs", self.inputs, supervised[0]), ("targets", self.targets, supervised[1])):
            chosen = given if given is not None else default
            if chosen is None:
                raise ConfigError(
                    f"data.{key}: missing; name features of '{self.name}': {', '.join(builder.info.features)}"
                )
            names = [chosen] if isinstance(chosen, str) else chosen
            found.append(dict(names) if isinstance(names, Mapping) else {str(n): str(n) for n in names})
        inputs, targets = found[0], found[1] if with_targets else {}
        for feature in (*inputs.values(), *targets.values(), *self.columns):
            if feature not in builder.info.features:
                raise ConfigError(
                    f"data: '{self.name}' has no feature '{feature}'{nearest(feature, builder.info.features)}"
                )
        return inputs, targets

    def _spec(self, builder: Any, inputs: Mapping[str, str], targets: Mapping[str, str]) -> DataSpec:
        features = builder.info.features
        return DataSpec(
            {name: self._input(name, features[feature]) for name, feature in inputs.items()},
            {name: _target(name, features[feature]) for name, feature in targets.items()},
        )

    def _input(self, name: str, feature: Any) -> InputSpec:
        import tensorflow_datasets as tfds

        dtype = "string" if np.dtype(feature.np_dtype) == object else np.dtype(feature.np_dtype).name
        if not isinstance(feature, tfds.features.Image):
            return InputSpec(tuple(feature.shape), dtype)
        height, width, channels = feature.shape
        if self.image_size is not None:
            height, width = self.image_size
            dtype = "float32"
        if height is None or width is None:
            raise ConfigError(f"data.image_size: missing; the images of input '{name}' vary, so set [height, width]")
        return InputSpec((height, width, channels), dtype, scale=1 / 255)

    def _stream(self, builder: Any, key: str, split: str, spec: DataSpec, features: Mapping[str, str]) -> ExampleStream:
        import tensorflow_datasets as tfds

        try:
            length = builder.info.splits[split].num_examples
            dataset = builder.as_dataset(
                split=split, shuffle_files=False, read_config=tfds.ReadConfig(interleave_cycle_length=1)
            )
        except (ValueError, KeyError, AssertionError) as error:
            raise ConfigError(
                f"data.{key}: '{self.name}' has no split '{split}'"
                f"{nearest(split.partition('[')[0], builder.info.splits)}"
            ) from error
        return ExampleStream(spec, self._named(dataset, spec, features), length=length)

    def _named(self, dataset: tf.data.Dataset, spec: DataSpec, features: Mapping[str, str]) -> tf.data.Dataset:
        import tensorflow as tf

        def name(example: Mapping[str, Any]) -> Any:
            inputs = {}
            for key, given in spec.inputs.items():
                value = example[features[key]]
                if self.image_size is not None and len(given.shape) == 3:
                    value = tf.image.resize(value, tuple(self.image_size))
                inputs[key] = tf.ensure_shape(value, given.shape)
            targets = {key: example[features[key]] for key in spec.targets}
            return inputs, targets, {column: example[column] for column in self.columns}

        return dataset.map(name)


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps TFDS from logging where it loads from, several lines per split, to a log that Keras also uses."""
    from absl import logging

    log = logging.get_absl_logger()
    level = log.level
    log.setLevel("CRITICAL")
    try:
        yield
    finally:
        log.setLevel(level)


def _target(name: str, feature: Any) -> TargetSpec:
    import tensorflow_datasets as tfds

    if isinstance(feature, tfds.features.ClassLabel):
        return TargetSpec((), np.dtype(feature.np_dtype).name, tuple(feature.names))
    if np.dtype(feature.np_dtype) == object:
        raise ConfigError(f"data.targets: expected features of classes or numbers, got '{name}', which is text")
    return TargetSpec(tuple(feature.shape), np.dtype(feature.np_dtype).name)
