"""Proof that the exercises' checks tell right from wrong, and what students read."""
