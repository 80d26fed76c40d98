"""Anatomy of any network: shapes, costs and exact receptive fields, layer by layer.

`from coursekit import anatomy` gives this package, which can be called like the
function of the same name: `anatomy(model, (3, 224, 224))`.
"""

import sys
from types import ModuleType

from coursekit.anatomy.comparison import ComparedModel, Comparison, compare
from coursekit.anatomy.costs import ParameterKinds, parameters_by_kind, weight_layers
from coursekit.anatomy.flow import Flow, flow
from coursekit.anatomy.memory.training_memory import Memory, largest_batch, memory
from coursekit.anatomy.rules.operators import UnknownOperatorError
from coursekit.anatomy.table import Anatomy, Layer, anatomy, seen
from coursekit.anatomy.window import Varies, Window

__all__ = [
    "Anatomy",
    "ComparedModel",
    "Comparison",
    "Flow",
    "Layer",
    "Memory",
    "ParameterKinds",
    "UnknownOperatorError",
    "Varies",
    "Window",
    "anatomy",
    "compare",
    "flow",
    "largest_batch",
    "memory",
    "parameters_by_kind",
    "seen",
    "weight_layers",
]


class _CallableModule(ModuleType):
    """Importing the package must not hide the function that bears its name."""

    def __call__(self, model, input_shape) -> Anatomy:
        return anatomy(model, input_shape)


sys.modules[__name__].__class__ = _CallableModule
