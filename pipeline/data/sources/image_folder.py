"""A folder of images with one sub-folder per class, through Keras' own reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.data.sources.image_size import check_size
from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
from pipeline.data.splits import Splits
from pipeline.data.streams import ExampleStream
from pipeline.errors import ConfigError, DataError, nearest, one_line
from pipeline.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    import tensorflow as tf

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
"""Suffixes of files that `keras.utils.image_dataset_from_directory` reads."""
CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


@dataclass(frozen=True)
class ImageFolder:
    """Images in one folder per class: `path/cat/1.png`. One input `image`, pixels 0 to 255; one target `label`.

    Attributes:
        path: The folder of the training split, or of all images.
        image_size: Height and width that every image is resized to.
        color_mode: `rgb`, `rgba` or `grayscale`.
        validation: The folder of the validation split, or null.
        test: The folder of the test split, or null.
    """

    path: str
    image_size: Sequence[int]
    color_mode: str
    validation: str | None
    test: str | None

    def check(self) -> None:
        """Refuses folders that do not exist, and invalid sizes and colour modes."""
        if self.color_mode not in CHANNELS:
            raise ConfigError(f"data.color_mode: no '{self.color_mode}'{nearest(self.color_mode, CHANNELS)}")
        if len(self.image_size) != 2 or min(self.image_size) < 1:
            raise ConfigError(f"data.image_size: expected [height, width], got {list(self.image_size)}")
        for key, path in (("path", self.path), ("validation", self.validation), ("test", self.test)):
            if path is not None and not Path(path).expanduser().is_dir():
                if Path(path).expanduser().exists():
                    raise DataError(f"data.{key}: expected a folder, got the file '{path}'")
                raise DataError(f"data.{key}: no folder '{path}'")

    def load(self, *, with_targets: bool = True) -> Splits:
        """See `Source`; without targets, images may lie directly in the folder."""
        self.check()
        import_tensorflow()
        folder = Path(self.path).expanduser()
        classes = _classes(folder) if with_targets else ()
        train, *others = (
            None if path is None else self._stream(Path(path).expanduser(), classes)
            for path in (self.path, self.validation, self.test)
        )
        assert train is not None
        return Splits(train, *others)

    def _stream(self, folder: Path, classes: tuple[str, ...]) -> ExampleStream:
        import keras

        for name in _classes(folder) if classes else ():
            if name not in classes:
                raise DataError(
                    f"'{folder}': has a class '{name}', which the training data does not have{nearest(name, classes)}"
                )
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        if not files:
            raise DataError(f"'{folder}': has no images; expected files that end in {', '.join(SUFFIXES)}")
        _check_images(files)
        images = keras.utils.image_dataset_from_directory(
            folder,
            labels="inferred" if classes else None,
            class_names=list(classes) or None,
            color_mode=self.color_mode,
            batch_size=None,
            image_size=tuple(self.image_size),
            shuffle=False,
            verbose=False,
        )
        height, width = self.image_size
        shape = (height, width, CHANNELS[self.color_mode])
        targets = {"label": TargetSpec((), "int64", classes)} if classes else {}
        spec = DataSpec({"image": InputSpec(shape, "float32", scale=1 / 255)}, targets)
        return ExampleStream(spec, _named(images, bool(classes)), length=len(files))


def _named(images: tf.data.Dataset, labelled: bool) -> tf.data.Dataset:
    import tensorflow as tf

    def name(image: Any, label: Any = None) -> Any:
        return {"image": image}, {"label": tf.cast(label, "int64")} if labelled else {}, {}

    return images.map(name)


def _classes(folder: Path) -> tuple[str, ...]:
    classes = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if len(classes) < 2:
        found = f"one, '{classes[0]}'" if classes else "none"
        raise DataError(f"'{folder}': expected one sub-folder for each of two or more classes, got {found}")
    return classes


def _check_images(files: Sequence[Path]) -> None:
    """Decodes every image once, because a broken one would otherwise be reported late and without its name."""
    import tensorflow as tf

    for file in files:
        if not file.is_file():
            raise DataError(f"'{file}': not a file; expected an image")
        check_size(file)
        try:
            tf.io.decode_image(tf.io.read_file(str(file)), expand_animations=False)
        except tf.errors.OpError as error:
            raise DataError(f"'{file}': cannot be read as an image ({_reason(error)})") from error


def _reason(error: Any) -> str:
    return one_line(error.message).partition("}} ")[2].partition(" [Op:")[0]
