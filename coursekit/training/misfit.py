"""Whether what was read from a checkpoint is what this run would have written."""

from collections.abc import Mapping

from torch import Tensor

from coursekit.training.history import Epoch

NUMBERS = (int, float, type(None))


def first_misfit(wanted: Mapping, saved: Mapping, epochs: int, steps: int) -> str:
    """Return in words where `saved` first is not like `wanted`; "" for nowhere.

    Args:
        wanted: the state of this run before its first step.
        saved: the state that was read.
        epochs, steps: of the run, and of an epoch.
    """
    if missing := wanted.keys() - saved.keys():
        return f"it lacks {min(missing)}"
    alike = ("model", "average", "scaler", "choice", "meter", "seconds")
    for name in alike:
        if wrong := _unlike(name, wanted[name], saved[name]):
            return wrong
    if saved["best"] and (wrong := _unlike("best", wanted["model"], saved["best"])):
        return wrong
    return (
        _wrong_counts(saved["rows"], saved["step"], epochs, steps)
        or _wrong_random(wanted["random"][0], saved["random"])
        or _wrong_optimizer(wanted["optimizer"], saved["optimizer"])
    )


def _unlike(path: str, wanted: object, saved: object) -> str:
    if isinstance(wanted, Tensor):
        return _unlike_tensor(path, wanted, saved)
    if isinstance(wanted, Mapping) and isinstance(saved, Mapping):
        pass  # which kind of dict does not matter
    elif type(wanted) is not type(saved):
        kinds = type(saved).__name__, type(wanted).__name__
        return "{} is of the type {}, not {}".format(path, *kinds)
    if isinstance(wanted, Mapping):
        if odd := wanted.keys() ^ saved.keys():
            name = min(odd, key=str)
            return f"{path} {'lacks' if name in wanted else 'has'} {name}"
        pairs = ((f"{path} {key}", wanted[key], saved[key]) for key in wanted)
    elif isinstance(wanted, list | tuple):
        if len(wanted) != len(saved):
            return f"{path} has {len(saved)} entries, not {len(wanted)}"
        both = enumerate(zip(wanted, saved, strict=True))
        pairs = ((f"{path} {k}", old, new) for k, (old, new) in both)
    else:
        broken = isinstance(saved, float) and saved != saved
        return f"{path} is NaN" if broken else ""
    return next(filter(None, (_unlike(*pair) for pair in pairs)), "")


def _unlike_tensor(path: str, wanted: Tensor, saved: object) -> str:
    if not isinstance(saved, Tensor):
        return f"{path} is no tensor"
    for what in ("shape", "dtype"):
        old, new = getattr(wanted, what), getattr(saved, what)
        if old != new:
            shown = [tuple(x) if what == "shape" else x for x in (new, old)]
            return "{} has the {} {}, not {}".format(path, what, *shown)
    if saved.isnan().any() or (saved.isinf().any() and not wanted.isinf().any()):
        return f"{path} holds NaN or infinite numbers"
    return ""


def _wrong_counts(rows: object, step: object, epochs: int, steps: int) -> str:
    width = len(Epoch.__dataclass_fields__)
    if not isinstance(rows, list) or len(rows) > epochs:
        return f"its rows are no list of at most {epochs}"
    for k, row in enumerate(rows, 1):
        fits = isinstance(row, tuple) and len(row) == width and row[0] == k
        if not fits or not all(isinstance(number, NUMBERS) for number in row):
            return f"its row {k} is not that of an epoch"
    if not isinstance(step, int) or not 0 <= step < steps:
        return f"its step is not 0 to {steps - 1}"
    return ""


def _wrong_random(wanted: Mapping, saved: object) -> str:
    if not isinstance(saved, list) or not saved:
        return "it lacks random states"
    for moment in ("epoch", "now"):
        for k, states in enumerate(saved):
            kept = states.get(moment) if isinstance(states, dict) else None
            tensors = {n: v for n, v in wanted[moment].items() if isinstance(v, Tensor)}
            theirs = {n: kept.get(n) for n in tensors} if isinstance(kept, dict) else {}
            if wrong := _unlike(f"the random state {k}", tensors, theirs):
                return wrong
    return ""


def _wrong_optimizer(wanted: dict, saved: object) -> str:
    if not isinstance(saved, dict) or saved.keys() != wanted.keys():
        return "its optimizer is not one"
    groups = saved["param_groups"]
    if wrong := _unlike("optimizer groups", wanted["param_groups"], groups):
        return wrong
    count = sum(len(group["params"]) for group in groups)
    for number, kept in saved["state"].items():
        if number not in range(count) or not isinstance(kept, dict):
            return f"the optimizer's state {number} belongs to no weight"
        for name, value in kept.items():
            if isinstance(value, Tensor) and not value.isfinite().all():
                return f"the optimizer's {name} {number} holds NaN or infinite numbers"
    return ""
