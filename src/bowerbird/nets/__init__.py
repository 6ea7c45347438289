"""Architectures, in torch. Imported only where something is fitted; what is served is their ONNX graph."""
