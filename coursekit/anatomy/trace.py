"""Run a model once without data and carry along what every value sees of the image.

No weight is copied or changed; batch-norm statistics, the train/eval mode of every
module and the random generators stay as they were.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.utils.flop_counter import flop_registry

from coursekit._base.trial import Frame
from coursekit.anatomy.dataless import (
    Dataless,
    blank_image,
    dataless_run,
    is_view,
    tensors_in,
)
from coursekit.anatomy.field import Field, whole_image
from coursekit.anatomy.rules.operators import Operands, UnknownOperatorError, propagate
from coursekit.anatomy.written import Written


class Watch(Dataless):
    """Counts the work of every operator and propagates the fields."""

    def __init__(self, frames: list[Frame]):
        super().__init__()
        self.frames, self.fields = frames, _Fields()
        self.viewed: set[int] = set()
        self.written: dict[int, Written] = {}

    def is_touched(self, tensor: Tensor) -> bool:
        return bool(self.written) and _storage(tensor) in self.written

    def field_of(self, tensor: object) -> Field | None:
        if not isinstance(tensor, Tensor):
            return None
        if self.is_touched(tensor):
            return self._memory(tensor).read(tensor)
        return self.fields.get(tensor)

    def note(self, func, args: tuple, kwargs: dict, out: object) -> None:
        self._count(func, args, kwargs, out)
        # Constants keep their numbers for the rules: an index must be known.
        call = Operands(func, args, kwargs, self.field_of)
        if call.fields:
            self._carry(call, out)

    def _count(self, func, args: tuple, kwargs: dict, out: object) -> None:
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            flops = formula(*args, **kwargs, out_val=out)
            for frame in self.frames:
                frame.multiply_adds += flops // 2

    def _carry(self, call: Operands, out: object) -> None:
        outputs = tensors_in(out)
        if not outputs:
            return
        empty = next((o for o in outputs if o.numel() == 0), None)
        if empty is not None:
            raise ValueError(f"its output is empty, {tuple(empty.shape[1:])}")
        fields = propagate(call, outputs)
        if is_view(call.func):
            self.viewed.add(_storage(outputs[0]))
        for tensor, after in zip(outputs, fields, strict=True):
            if after is not None:
                self._keep(call, tensor, after)

    def _keep(self, call: Operands, tensor: Tensor, after: Field) -> None:
        """Note what a tensor sees; what is written may be seen through other views."""
        if not call.func._schema.is_mutable:
            if not self.is_touched(tensor):
                self.fields[tensor] = after
            return
        before = self.field_of(tensor)
        alone = tensor.is_meta and not tensor._is_view()
        if before is after or (alone and _storage(tensor) not in self.viewed):
            self.fields[tensor] = after
        else:
            self._memory(tensor, after).write(tensor, after)

    def _memory(self, tensor: Tensor, after: Field | None = None) -> Written:
        """Return what is known of a tensor's storage, from the first write on."""
        key = _storage(tensor)
        if key not in self.written:
            whole = tensor if tensor._base is None else tensor._base
            before = self.field_of(whole)
            self.written[key] = Written(whole, len(after.axes))
            if before is not None:
                self.written[key].write(whole, before)
        if self.written[key].item != tensor.element_size():
            raise UnknownOperatorError("view of a tensor as another number type")
        return self.written[key]


class _Fields:
    """The field of a meta tensor, kept on the tensor itself.

    And on its storage, for what becomes another object without any operator, such as
    `nn.Parameter(x)`.
    """

    def get(self, tensor: Tensor) -> Field | None:
        field = getattr(tensor, "_coursekit_field", None)
        if field is None and tensor.is_meta:
            field = getattr(tensor.untyped_storage(), "_coursekit_field", None)
            if field is not None and field.shape != tuple(tensor.shape):
                return None
        return field

    def __setitem__(self, tensor: Tensor, field: Field) -> None:
        tensor._coursekit_field = field
        tensor.untyped_storage()._coursekit_field = field


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def trace(model: nn.Module, input_shape: tuple[int, ...]) -> list[Frame]:
    """Return one frame per module call, in the order they were entered.

    Args:
        model: any module that takes one image tensor.
        input_shape: (c, *spatial), the shape of one image.

    Raises:
        ValueError: the input does not fit, or an operator is not known; the sentence
            names the layer.
    """
    frames: list[Frame] = []
    stack: list[Frame] = []
    watch = Watch(stack)
    image = blank_image(model, input_shape)
    watch.fields[image] = whole_image(image.shape)
    with dataless_run(model, input_shape, watch, frames, stack, watch.field_of):
        model(image)
    return frames
