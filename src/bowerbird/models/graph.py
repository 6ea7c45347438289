"""A net as it is served: an ONNX graph run by onnxruntime. No torch."""

from typing import Any, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bowerbird.errors import BundleError

M = TypeVar("M")


def answered_by(model: M, session: Any) -> M:
    """A model with a cached `session` that is opened already: while a net is trained, torch itself answers."""
    vars(model)["session"] = session
    return model


def open_graph(file: NDArray[np.uint8]) -> Any:
    """An onnxruntime session over the bytes of an ONNX file, with one thread a run.

    raises  BundleError if they are none
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # every batch has its own shape
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(file.tobytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  its errors have no common class but this
        raise BundleError(f"model: onnxruntime cannot load the graph ({str(error).splitlines()[0]:.200})") from None
