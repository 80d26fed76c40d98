"""The old address of `start`, for set-up cells that are already published."""
