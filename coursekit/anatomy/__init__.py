"""Anatomy of any network: shapes, costs and exact receptive fields, layer by layer.

`from coursekit import anatomy` gives this package, which can be called like the
function of the same name: `anatomy(model, (3, 224, 224))`.
"""

import sys
from types import ModuleType

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        ".comparison": "ComparedModel Comparison compare",
        ".costs": "ParameterKinds parameters_by_kind weight_layers",
        ".data_flow": "Flow flow",
        ".step_memory.training_memory": "Memory largest_batch memory",
        ".rules.operators": "UnknownOperatorError",
        ".table": "Anatomy Layer anatomy seen",
        ".window": "Varies Window",
    },
)


class _CallableModule(ModuleType):
    """Importing the package must not hide the function that bears its name."""

    def __call__(self, model, input_shape):
        return self.anatomy(model, input_shape)


sys.modules[__name__].__class__ = _CallableModule
