"""Post-training quantisation: a trained network in smaller numbers, as a `.tflite`."""

from engine.steps.post_training_quantization.calibration_record import CalibrationRecord
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization

__all__ = ["CalibrationRecord", "PostTrainingQuantization", "PostTrainingQuantizationParameters"]
