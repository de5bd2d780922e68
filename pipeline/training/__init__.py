"""Training: the model compiled as the config says, fed with batches, fitted."""

from pipeline.training.compile_stage import compile_model
from pipeline.training.signature import Signature, signature_of
from pipeline.training.stages import fit

__all__ = ["Signature", "compile_model", "fit", "signature_of"]
