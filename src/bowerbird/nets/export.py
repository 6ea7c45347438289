"""From a torch module to an ONNX graph, as the bytes of its file."""

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

OPSET = 18


def to_onnx(net: nn.Module, inputs: Mapping[str, Tensor], sizes: Mapping[str, Sequence[str]]) -> NDArray[np.uint8]:
    """The graph of a module in evaluation mode, with one output, `out`.

    inputs  an example of each argument, in their order, and its name; no side that may change should be 1
    sizes   argument → a name for each of its sides that may change; "" = this side stays as it is
    """
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    axes = {name: {place: label for place, label in enumerate(labels) if label} for name, labels in sizes.items()}
    file = io.BytesIO()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # that this exporter is the older one: the newer takes 6 s where this takes 0.3
            torch.onnx.export(
                net.eval(),
                tuple(inputs.values()),
                file,
                input_names=list(inputs),
                output_names=["out"],
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
    finally:
        logger.setLevel(level)
    return np.frombuffer(file.getvalue(), np.uint8)


def to_int8(graph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The graph with the weights of its matrix products as 8-bit numbers: about a quarter of the size, and faster where the net is wide."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 a second

    with TemporaryDirectory(prefix="bowerbird-int8-") as folder:
        full, small = Path(folder) / "full.onnx", Path(folder) / "small.onnx"
        full.write_bytes(graph.tobytes())
        root = logging.getLogger()
        level = root.level
        root.setLevel(logging.ERROR)  # it recommends a preparation that changes nothing here
        try:
            quantize_dynamic(full, small, weight_type=QuantType.QInt8)
        finally:
            root.setLevel(level)
        return np.frombuffer(small.read_bytes(), np.uint8)


class AsSession:
    """A torch module that answers as an onnxruntime session does."""

    def __init__(self, net: nn.Module) -> None:
        self.net = net

    def run(self, outputs: None, feed: Mapping[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]:  # noqa: ARG002
        """The net's one output for arrays in the order of its arguments."""
        device = next(self.net.parameters()).device
        with torch.no_grad():
            out: Tensor = self.net(*(torch.from_numpy(array).to(device) for array in feed.values()))
        return [out.float().cpu().numpy()]
