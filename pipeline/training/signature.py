"""A model, its inputs and outputs by name, and the structure in which it takes and returns them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from pipeline.data.spec import DataSpec, Shape
from pipeline.errors import ConfigError, DataError, nearest, one_line

FORMS = ("bare", "dict", "list")
"""The forms of inputs, in the order in which they are tried on a model that does not declare one."""


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a model.

    Attributes:
        inputs: The shape of one example, by input name.
        outputs: The shape of one example, by output name. A list given by position follows this order.
        input_form: One of `FORMS`: the form in which the model expects its inputs.
        output_form: The same for its outputs, and so for targets, weights, losses and metrics.
    """

    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    input_form: str
    output_form: str

    def pack_inputs(self, values: Mapping[str, Any]) -> Any:
        """Returns inputs by name in the model's structure."""
        return _packed({name: values[name] for name in self.inputs}, self.input_form)

    def pack_outputs(self, values: Mapping[str, Any]) -> Any:
        """Returns one value per output name in the model's structure."""
        return _packed({name: values[name] for name in self.outputs}, self.output_form)

    def outputs_by_name(self, values: Any) -> dict[str, Any]:
        """Returns the model's outputs by name."""
        if self.output_form == "bare":
            return {next(iter(self.outputs)): values}
        if self.output_form == "dict":
            return {name: values[name] for name in self.outputs}
        return dict(zip(self.outputs, values, strict=True))


@dataclass(frozen=True)
class NamedModel:
    """A model with its signature. All stages take the two together.

    Attributes:
        keras_model: The model.
        signature: Its inputs and outputs by the names of the data.
    """

    keras_model: keras.Model
    signature: Signature


def named_model(model: keras.Model, spec: DataSpec) -> NamedModel:
    """Returns a model with its signature, see `signature_of`."""
    return NamedModel(model, signature_of(model, spec))


def signature_of(model: keras.Model, spec: DataSpec) -> Signature:
    """Returns the signature of a model, with its names matched to those of the data.

    A model with one input or one output takes the data's name for it. Several must be named as in the data: by the
    keys of a dict, or by the names of `keras.Input` and of the output layers.

    Raises:
        ConfigError: Either the model or the data has a name that the other lacks.
    """
    input_struct, output_struct = _structures(model, spec)
    inputs, input_form = _by_name(input_struct, [t.name for t in keras.tree.flatten(input_struct)])
    if input_form == "bare" and len(spec.inputs) == 1:
        inputs = {next(iter(spec.inputs)): next(iter(inputs.values()))}
    for name in inputs:
        if name not in spec.inputs:
            raise ConfigError(
                f"model: has an input '{name}', but the data has no input of that name{nearest(name, spec.inputs)}"
            )
    for name in spec.inputs:
        if name not in inputs:
            raise ConfigError(f"data: has an input '{name}', but the model has no such input{nearest(name, inputs)}")
    outputs, output_form = _by_name(output_struct, list(getattr(model, "output_names", None) or []))
    if output_form == "bare" and len(spec.targets) == 1:
        outputs = {next(iter(spec.targets)): next(iter(outputs.values()))}
    for name in spec.targets:
        if name not in outputs:
            raise ConfigError(f"data: has a target '{name}', but the model has no such output{nearest(name, outputs)}")
    if output_form == "dict":
        outputs = {name: outputs[name] for name in (*spec.targets, *(o for o in outputs if o not in spec.targets))}
    return Signature(inputs, outputs, input_form, output_form)


def _structures(model: keras.Model, spec: DataSpec) -> tuple[Any, Any]:
    if isinstance(model, keras.Sequential) and model.built:
        return model.inputs[0], model.outputs[0]
    try:
        return model.input, model.output
    except (AttributeError, ValueError):
        pass
    return _called(model, spec)


def _called(model: keras.Model, spec: DataSpec) -> tuple[Any, Any]:
    """Returns the inputs and outputs of a model of a user's own class, and builds the model.

    Such a model knows its inputs only after a call, and its code may expect a single input, a dict or a list.
    """
    tensors = {n: keras.Input(s.shape, dtype=s.dtype, name=n) for n, s in spec.inputs.items()}
    built = model.built
    refusals, doubtful = [], []
    for form in FORMS if len(tensors) == 1 else FORMS[1:]:
        inputs = _packed(tensors, form)
        try:
            with warnings.catch_warnings():
                # Hides warnings about forms that the model is not called with in the end.
                warnings.simplefilter("ignore")
                outputs = model(inputs)
        except Exception as error:  # noqa: BLE001
            refusals.append(error)
        else:
            if all(len(tensor.shape) and tensor.shape[0] is None for tensor in keras.tree.flatten(outputs)):
                return inputs, outputs
            # For code such as `inputs[0]`, which is the first input of a list but the first example of an array.
            doubtful.append((inputs, outputs))
        if not built:
            _forget_build(model)
    if doubtful:
        model.built = True
        return doubtful[0]
    shapes = ", ".join(f"{n} {s.shape}" for n, s in spec.inputs.items())
    raise DataError(f"model: cannot take the inputs of the data ({shapes}): {one_line(refusals[0])}") from refusals[0]


def _forget_build(model: keras.Model) -> None:
    """Makes the next call build a model that a failed call has marked as built."""
    model.built = False
    model._tracker.unlock()


def _by_name(struct: Any, names: list[str]) -> tuple[dict[str, Shape], str]:
    if isinstance(struct, dict):
        return {name: tuple(tensor.shape[1:]) for name, tensor in struct.items()}, "dict"
    if isinstance(struct, (list, tuple)):
        names = names if len(names) == len(struct) else [f"output_{i}" for i in range(len(struct))]
        return {n: tuple(t.shape[1:]) for n, t in zip(names, struct, strict=True)}, "list"
    return {names[0] if names else "output": tuple(struct.shape[1:])}, "bare"


def _packed(values: dict[str, Any], form: str) -> Any:
    if form == "bare":
        return next(iter(values.values()))
    return values if form == "dict" else list(values.values())
