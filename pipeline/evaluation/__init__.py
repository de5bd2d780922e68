"""Evaluation: the metrics of a trained model on splits, and its predictions."""

from pipeline.evaluation.metrics import evaluate_splits, optimized_value
from pipeline.evaluation.predictions import predict

__all__ = ["evaluate_splits", "optimized_value", "predict"]
