"""Quantisation-aware training: the network trains while its layers already compute as int8 will."""

from engine.steps.quantization_aware_training.step import QuantizationAwareTraining, QuantizationAwareTrainingParameters

__all__ = ["QuantizationAwareTraining", "QuantizationAwareTrainingParameters"]
