"""Losses and metrics: built from the config, and given targets and outputs in the form that they expect."""
