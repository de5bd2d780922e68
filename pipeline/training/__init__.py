"""Training: compiles the model as the config says, feeds it with batches, and fits it."""

from pipeline.training.compile_stage import compile_model
from pipeline.training.signature import NamedModel, Signature, named_model, signature_of
from pipeline.training.stages import fit

__all__ = ["NamedModel", "Signature", "compile_model", "fit", "named_model", "signature_of"]
