"""The first import of TensorFlow, without the lines about CPUs and missing GPUs that ignore any log level."""

from __future__ import annotations

import gc
import os
import sys
import tempfile

from pipeline.status_line import status_line


def import_tensorflow() -> None:
    """Imports TensorFlow and Keras. What they write to standard error is shown only if the import fails."""
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    sys.stderr.flush()
    kept = os.dup(2)
    with status_line("importing TensorFlow…"), tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            import keras  # noqa: F401
            import tensorflow as tf

            tf.config.list_physical_devices()
        except BaseException:
            os.dup2(kept, 2)
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    # Imported objects stay, so the garbage collector, which tracing triggers often, need not scan them each time.
    gc.freeze()
