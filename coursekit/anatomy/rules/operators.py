"""How an operator of torch carries what its inputs see to its output.

One rule for one family of operators: pointwise operators take the union of their
inputs, operators that only move values move the field the same way (`moving`),
reductions and products take the union along a dimension (`mixing`), convolution and
pooling read a few units per output (`sliding`, `resizing`). An operator without a
rule raises `UnknownOperatorError`: a wrong number would be worse than none.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.anatomy import joining
from coursekit.anatomy.field import Field

RULES: dict[str, Callable] = {}


class UnknownOperatorError(ValueError):
    """An operator whose effect on receptive fields anatomy has no rule for."""

    def used_in(self, layer: str) -> ValueError:
        """Return the error with the layer it came from."""
        return UnknownOperatorError(
            f"anatomy has no rule for the operator `{self}`, used in {layer}; "
            "wrap that step in a module made of known operators, or leave it out"
        )


def rule(names: str) -> Callable:
    """Register a function as the rule of the aten operators named, blank between."""

    def register(function: Callable) -> Callable:
        RULES.update(dict.fromkeys(names.split(), function))
        return function

    return register


class Operands:
    """The arguments of one operator call, with the fields of those that have one."""

    def __init__(self, func, args: tuple, kwargs: dict, fields_of: Callable):
        self.func, self.args, self.kwargs, self.field_of = func, args, kwargs, fields_of
        self._names = [argument.name for argument in func._schema.arguments]

    def get(self, name: str, default: object = None) -> object:
        """Return the argument of that name, the schema's default if not given."""
        if name in self.kwargs:
            return self.kwargs[name]
        index = self._names.index(name) if name in self._names else None
        if index is not None and index < len(self.args):
            return self.args[index]
        if index is None:
            return default
        given = self.func._schema.arguments[index]
        return given.default_value if given.has_default_value() else default

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors among the arguments, also those inside lists, but not `out`."""
        tensors = []
        read = (value for key, value in self.kwargs.items() if key != "out")
        for value in (*self.args, *read):
            members = value if isinstance(value, list | tuple) else [value]
            tensors += [member for member in members if isinstance(member, Tensor)]
        return tensors

    @property
    def fields(self) -> list[Field]:
        """The fields of the arguments that depend on the input."""
        fields = (self.field_of(tensor) for tensor in self.tensors)
        return [field for field in fields if field is not None]

    def sole(self) -> Field:
        """The field of the first argument, or of the only one that has one."""
        return self.fields[0]

    def replaced(self, tensor: Tensor) -> tuple:
        """The arguments with the tracked tensor replaced by `tensor`."""
        tracked = next(t for t in self.tensors if self.field_of(t) is not None)

        def swap(value: object) -> object:
            return tensor if value is tracked else value

        return tuple(map(swap, self.args)), {
            key: swap(value) for key, value in self.kwargs.items()
        }


def propagate(call: Operands, outputs: list[Tensor]) -> list[Field | None]:
    """Return the field of each output tensor of an operator call.

    Raises:
        UnknownOperatorError: there is no rule for this operator.
    """
    name = call.func._schema.name.removeprefix("aten::")
    own_rule = RULES.get(name) or RULES.get(name.rstrip("_"))
    if own_rule is not None:
        result = own_rule(call, outputs)
    elif torch.Tag.pointwise in call.func.tags:
        result = pointwise(call, outputs)
    else:
        raise UnknownOperatorError(str(call.func))
    result = result if isinstance(result, list) else [result]
    return result + [None] * (len(outputs) - len(result))


# Tagged pointwise by a newer torch, most of them; torch 2.4 does not know it yet.
@rule(
    "clamp clamp_min clamp_max lerp _prelu_kernel "
    "rrelu_with_noise native_dropout bernoulli _to_copy clone detach alias "
    "lift_fresh lift_fresh_copy contiguous _conj resolve_conj relu6 hardtanh "
    "fake_quantize hardswish mish log_sigmoid_forward threshold "
    "elu celu selu leaky_relu rrelu hardsigmoid hardshrink softshrink softplus "
    "isfinite ldexp rad2deg _conj_physical"
)
def pointwise(call: Operands, outputs: list[Tensor]) -> list[Field]:
    """Each value depends on the values at its own place."""
    out = joining.union(call.fields, tuple(outputs[0].shape))
    return [out for _ in outputs]
