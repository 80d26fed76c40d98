"""Anatomy of any network: shapes, costs and exact receptive fields, layer by layer.

`from coursekit import anatomy` gives this package, which can be called like the
function of the same name: `anatomy(model, (3, 224, 224))`.
"""

import sys
from types import ModuleType

from coursekit.anatomy.operators import UnknownOperatorError
from coursekit.anatomy.table import Anatomy, Layer, anatomy, seen
from coursekit.anatomy.window import Varies, Window

__all__ = [
    "Anatomy",
    "Layer",
    "UnknownOperatorError",
    "Varies",
    "Window",
    "anatomy",
    "seen",
]


class _CallableModule(ModuleType):
    """Importing the package must not hide the function that bears its name."""

    def __call__(self, model, input_shape) -> Anatomy:
        return anatomy(model, input_shape)


sys.modules[__name__].__class__ = _CallableModule
