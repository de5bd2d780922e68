"""A Hydra-composed training and evaluation pipeline for Keras 3 on TensorFlow."""
