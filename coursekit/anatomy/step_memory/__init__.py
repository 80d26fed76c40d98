"""The memory of a training step, predicted on tensors without data."""
