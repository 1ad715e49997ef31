"""How many cameras an agent sustains here: real RTSP streams, the real chain, and bare onnxruntime beside it."""
