"""What a student meets in a session: predictions, and what became of them."""

from coursekit.course.predictions import predict, prediction_table, reveal

__all__ = ["predict", "prediction_table", "reveal"]
