"""What strangers give away: models that run code when they are loaded, and the folder of a run."""

import os
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `lambda.keras` and the SavedModel `saved`, both of which leave a mark when they are called."""
    import keras
    import tensorflow as tf

    class Writer(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 1))])  # type: ignore[untyped-decorator]
        def serve(self, x: tf.Tensor) -> tf.Tensor:
            with tf.control_dependencies([tf.io.write_file("pwned", "x")]):
                return tf.reshape(tf.identity(x), (-1, 64))[:, :10]

    folder = tmp_path_factory.mktemp("stranger")
    before = Path.cwd()
    os.chdir(folder)
    try:
        mark = lambda x: (__import__("pathlib").Path("pwned").touch(), x)[1]  # noqa: E731
        inputs = keras.Input((8, 8, 1), name="image")
        marked = keras.layers.Flatten()(keras.layers.Lambda(mark, output_shape=(8, 8, 1))(inputs))
        keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="digit")(marked)).save("lambda.keras")
        tf.saved_model.save(Writer(), "saved")
        inputs = keras.Input((8, 8, 1), name="image")
        marked = keras.layers.TFSMLayer("saved", call_endpoint="serve", name="digit")(inputs)
        keras.Model(inputs, marked).save("tfsm.keras")
    finally:
        os.chdir(before)
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, for tests to copy."""
    from pipeline.cli import main

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["pipeline", "+experiment=quickstart", "trainer.epochs=1"])
        assert main() == 0
    return next(folder.glob("outputs/*/*"))


@dataclass
class Network:
    """A server of this machine, which is the proxy too, so that all that goes to a network comes here.

    Attributes:
        address: Its host and port.
        seen: The requests: method, path, headers and body as one text each.
    """

    address: str = ""
    seen: list[str] = field(default_factory=list)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    import keras

    found = Network()
    # What is there is not downloaded.
    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(tmp_path / ".keras"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PIPELINE_DATA_DIR", raising=False)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.seen.append(f"{self.command} {self.path} {dict(self.headers)} {body!r}")
            self.send_response(404 if self.command in ("CONNECT", "GET", "HEAD") else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_CONNECT = do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.address = f"127.0.0.1:{server.server_port}"
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{found.address}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "127.0.0.1")
        # What urllib keeps knows an older proxy.
        monkeypatch.setattr(urllib.request, "_opener", None)
        # Whom Google's storage asks first who it is.
        monkeypatch.setenv("GCE_METADATA_HOST", found.address)
        yield found
        server.shutdown()
