"""What to do about exceptions that students meet again and again."""

import re
from dataclasses import dataclass

from coursekit.course.exercises.non_results import Raised


@dataclass(frozen=True)
class Advice:
    """What an exception says (as a pattern and as an example), and what to do."""

    pattern: str
    example: str
    text: str


ADVICE = (
    Advice(
        r"view size is not compatible",
        "view size is not compatible with input tensor's size and stride",
        "`view` needs values that lie side by side in memory, and a transposed "
        "or sliced tensor is not like that; `reshape` copies where it has to.",
    ),
    Advice(
        r"before Module\.__init__\(\) call",
        "cannot assign module before Module.__init__() call",
        "Call `super().__init__()` first in `__init__`; only then can a module "
        "hold layers.",
    ),
    Advice(
        r"on the same device|on different devices|same device",
        "Expected all tensors to be on the same device",
        "A tensor you create is on the CPU unless you say otherwise; pass "
        "`device=images.device` (the device of the input).",
    ),
    Advice(
        r"leaf Variable that requires grad|modified by an inplace operation",
        "a leaf Variable that requires grad is being used in an in-place operation",
        "An operation in place (a name that ends in `_`, `+=`, or assigning to "
        "a slice) destroys what the gradient needs; compute a new tensor "
        "instead.",
    ),
    Advice(
        r"same dtype|Expected object of scalar type|should be the same|"
        r"expected scalar type|expected m1 and m2 to have the same dtype",
        "expected both tensors to have the same dtype",
        "Two tensors of different dtypes meet; create yours with "
        "`dtype=images.dtype` (the dtype of the input).",
    ),
    Advice(
        r"can't be cast to|result type .* can't",
        "result type Float can't be cast to the desired output type Long",
        "The result has a wider type than the tensor it is written to; create "
        "the tensor with the dtype of the input.",
    ),
    Advice(
        r"must match the size of tensor|not broadcastable",
        "The size of tensor a (4) must match the size of tensor b (3)",
        "Two shapes do not fit together; print both shapes, and keep reduced "
        "axes with `keepdim=True` where they must line up.",
    ),
    Advice(
        r"shapes cannot be multiplied",
        "mat1 and mat2 shapes cannot be multiplied (2x12 and 3x10)",
        "The inner sizes of the matrix product differ; print both shapes.",
    ),
    Advice(
        r"out of (range|bounds)",
        "index 5 is out of bounds for dimension 0 with size 5",
        "An index runs past the end: check the last value of your loop, for "
        "sizes that are odd and for height and width that differ.",
    ),
    Advice(
        r"a Tensor with \d+ elements cannot be converted to Scalar",
        "a Tensor with 6 elements cannot be converted to Scalar",
        "`.item()` works on a single number only; keep the tensor.",
    ),
    Advice(
        r"cannot be interpreted as an integer|indices must be integers",
        "'float' object cannot be interpreted as an integer",
        "A float stands where a whole number is needed; `//` divides whole "
        "numbers, `/` always gives a float.",
    ),
    Advice(
        r"Can't call numpy\(\) on Tensor that requires grad",
        "Can't call numpy() on Tensor that requires grad",
        "numpy cannot follow gradients; stay with torch operations.",
    ),
    Advice(
        r"can't allocate memory|^MemoryError|Unable to allocate",
        "DefaultCPUAllocator: can't allocate memory",
        "Your code asks for more memory than the check allows; look "
        "for a shape that is far too large.",
    ),
    Advice(
        r"maximum recursion depth",
        "maximum recursion depth exceeded",
        "The function calls itself without end; give it a case that stops.",
    ),
)


def advice(value: object) -> str:
    """Return what to do about an exception, or "" if it is not a well-known one."""
    if not isinstance(value, Raised):
        return ""
    said = value.text or value.type
    return next((one.text for one in ADVICE if re.search(one.pattern, said)), "")
