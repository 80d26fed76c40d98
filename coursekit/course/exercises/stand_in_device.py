"""A stand-in for a GPU: which results would be on it, were it there?

The tensors of a call are said to be on `cuda:0`, and torch's functions are watched. A
result is there too where an input was, or where `device=` said so. What real GPUs
refuse is refused: two devices in one operation, numpy, an index on the wrong side. The
numbers are the CPU's all the time, so that loops, `.item()` and `if` work.

    torch.zeros(3)                        cpu
    torch.zeros(3, device=images.device)  cuda:0, since `images` is
    images.cpu() + 1                      cpu
    images + torch.zeros(3)               refused: two devices
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

DEVICE, CPU = torch.device("cuda", 0), torch.device("cpu")
MARK = "_on_stand_in_device"
GETS_DEVICE = torch.Tensor.device.__get__
GETS_CUDA = torch.Tensor.is_cuda.__get__
GETS_CPU = torch.Tensor.is_cpu.__get__
MOVES = ("to", "cpu", "cuda")
COPIES = ("copy_", "__setitem__")  # between devices, as on a real one
INSIDE_TO = ("_parse_to", "_has_compatible_shallow_copy_type")  # of `nn.Module.to`
ON_CPU = ("tensor_split",)  # wants its indices there
FROM_DATA = ("tensor", "as_tensor", "asarray")
TWO_DEVICES = (
    f"Expected all tensors to be on the same device, but found at least two devices, "
    f"{DEVICE} and {CPU}!"
)
NUMPY = f"can't convert {DEVICE} device type tensor to numpy: use `.cpu()` first"
INDEX = "an index on the GPU cannot pick from a tensor on the CPU (two devices)"


class OffDeviceError(RuntimeError):
    """What a GPU would refuse."""


def there(tensor: Tensor) -> Tensor:
    """Say that a tensor is on the stand-in device, and return it."""
    setattr(tensor, MARK, True)
    return tensor


def is_there(tensor: Tensor) -> bool:
    """Say whether a tensor is on the stand-in device."""
    return getattr(tensor, MARK, False)


def tensors_in(value: object) -> Iterator[Tensor]:
    """Yield the tensors inside nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors_in(item)


class StandInDevice(TorchFunctionMode):
    """Watch every function of torch while the block runs."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in (GETS_DEVICE, GETS_CUDA, GETS_CPU):
            here = is_there(args[0])
            return {GETS_DEVICE: DEVICE if here else CPU}.get(
                func, here == (func == GETS_CUDA)
            )
        name = getattr(func, "__name__", "")
        if name in INSIDE_TO:
            return func(*args, **kwargs)
        if name in ("numpy", "__array__") and is_there(args[0]):
            raise OffDeviceError(NUMPY)
        inputs = list(tensors_in((args, kwargs)))
        target = _target(name, args, kwargs, inputs)
        _refuse_two_devices(name, args, inputs)
        args = tuple(map(_plain_device, args))
        kwargs = {key: _plain_device(value) for key, value in kwargs.items()}
        if name == "cuda":
            return there(args[0].clone())
        result = func(*args, **kwargs)
        if name == "__set__" and is_there(inputs[-1]):  # `parameter.data = moved`
            there(args[0])
        return _marked(result, target, inputs) if name not in COPIES else result


def _target(name: str, args: tuple, kwargs: dict, inputs: list[Tensor]) -> bool:
    """Say whether the result of a call belongs on the stand-in device."""
    if kwargs.get("device") is not None:
        return _names_gpu(kwargs["device"])
    if name == "cuda":
        return True
    if name == "cpu":
        return False
    if name == "to":
        wanted = [value for value in args[1:] if _is_device(value)]
        others = [value for value in args[1:] if isinstance(value, Tensor)]
        if wanted or others:
            return _names_gpu(wanted[0]) if wanted else is_there(others[0])
    if name in FROM_DATA:
        return isinstance(args[0], Tensor) and is_there(args[0])
    return any(map(is_there, inputs))


def _refuse_two_devices(name: str, args: tuple, inputs: list[Tensor]) -> None:
    """Raise what a GPU raises; single numbers and indices on the CPU are allowed."""
    if name in (*MOVES, *COPIES, *FROM_DATA, *ON_CPU, "__set__"):
        return
    if name == "__getitem__":
        if not is_there(args[0]) and any(map(is_there, tensors_in(args[1]))):
            raise OffDeviceError(INDEX)
        return
    off = any(not is_there(one) and one.dim() > 0 for one in inputs)
    if off and any(map(is_there, inputs)):
        raise OffDeviceError(TWO_DEVICES)


def _marked(result: object, target: bool, inputs: list[Tensor]) -> object:
    """Say of each tensor of a result where it is; one that moves is a copy."""
    if isinstance(result, Tensor):
        if any(result is one for one in inputs) and is_there(result) != target:
            result = result.clone()
        if target:
            there(result)
    else:
        for one in tensors_in(result):
            if target:
                there(one)
    return result


def _is_device(value: object) -> bool:
    if isinstance(value, str):
        return value.split(":")[0] in ("cpu", "cuda")
    return isinstance(value, torch.device)


def _names_gpu(value: object) -> bool:
    return not str(value).startswith("cpu")


def _plain_device(value: object) -> object:
    """Put the CPU in the place of the stand-in device."""
    return CPU if _is_device(value) else value
