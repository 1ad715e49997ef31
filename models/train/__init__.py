"""Training of the shipped detector: the extra `train`, never imported by the running system."""
