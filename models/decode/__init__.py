"""Pure decoders: raw network outputs to boxes, one file per family of detectors."""
