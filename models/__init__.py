"""Model registry, ONNX runtime wrapper, decoders, evaluation and training."""
