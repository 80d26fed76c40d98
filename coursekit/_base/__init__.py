"""Floor 0: what every other room may use, and nothing else."""
