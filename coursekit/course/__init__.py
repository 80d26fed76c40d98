"""What a student meets in a session: predictions, and what became of them."""

from coursekit.course.predictions import predict, prediction_table, reveal
from coursekit.course.stored import Stored, stored

__all__ = ["Stored", "predict", "prediction_table", "reveal", "stored"]
