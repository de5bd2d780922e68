"""Training: the model compiled as the config says, fed with batches, fitted."""

from pipeline.training.compiling import compile_model
from pipeline.training.fit import fit
from pipeline.training.signature import Signature, signature_of

__all__ = ["Signature", "compile_model", "fit", "signature_of"]
