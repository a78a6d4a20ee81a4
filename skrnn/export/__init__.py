"""Fitted networks for programs that have no skrnn: as ONNX files and as modules of torch."""

from skrnn.export._onnx import to_onnx
from skrnn.export._skl2onnx import register_with_skl2onnx
from skrnn.export._torch import to_torch

__all__ = ["register_with_skl2onnx", "to_onnx", "to_torch"]
