"""`submit`: write a network, its history and a manifest into one zip."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import torch
from torch import nn

from coursekit import __version__
from coursekit._base.modes import evaluating, seeded
from coursekit._base.trial import one_sentence
from coursekit.course.challenges.measured import Measured
from coursekit.course.handin import plain_json as jsons
from coursekit.course.handin.packing import Submission, seal, write
from coursekit.course.network_file.layout import (
    FORMAT,
    HISTORY,
    LIMITS,
    MIB,
    MODEL,
    need,
    version,
)
from coursekit.training import History

LONGEST_NAME = 200


def submit(
    model: nn.Module,
    history: History | None = None,
    *,
    challenge: object = None,
    input_shape: Sequence[int] | None = None,
    name: str = "",
    path: str | os.PathLike = "submission.zip",
) -> Submission:
    """Write a trained network, its history and a manifest into one file.

    The network is written as ONNX, compared with the model on random images, and the
    file appears only if they agree. Nothing in it names files or code of this machine.
    The model is left as it was found: mode, device, gradients, random numbers.

    Args:
        model: takes (n, channels, height, width), gives (n, classes).
        history: what `fit` returned.
        challenge: the name of the challenge it is for, or an object with a `name`
            (and perhaps an `input_shape`).
        input_shape: (channels, height, width) of one image in pixels.
        name: who hands it in; at most 200 characters.
        path: the file to write; an existing one is replaced.

    Raises:
        ValueError: an argument that cannot be used, a model that cannot be written as
            ONNX (the sentence names the operator), or one whose written form answers
            differently.
        ModuleNotFoundError: onnx or onnxruntime is missing.
        OSError: the file cannot be written.

    Example:
        >>> submit(model, history, challenge="mnist-8k", input_shape=(1, 28, 28))
    """
    need("onnx", "onnxruntime")
    shape = _checked_shape(input_shape, challenge)
    _check(model, history, name)
    path = _checked_path(path)
    with seeded(0, torch.device("cpu")):
        written, facts = _network(model, shape)
    members = {MODEL: written, HISTORY: jsons.dump(_history_rows(history))}
    manifest = {
        "format": FORMAT,
        "challenge": _name_of(challenge),
        "name": name,
        "written": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "versions": _versions(),
        "input_shape": list(shape),
        "normalisation": _normalisation(model, history, shape[0]),
        "epochs": len(history) if history is not None else None,
        **facts,
        "members": {one: seal(data) for one, data in members.items()},
    }
    return write(path, members, manifest)


def _network(model: nn.Module, shape: tuple[int, ...]) -> tuple[bytes, dict]:
    """Return the ONNX form and what is claimed about it."""
    from coursekit.course.handin.same_answers import agreement
    from coursekit.course.network_file.export import exported, on_cpu

    copied = on_cpu(model)
    classes = _classes(copied, shape)
    written = exported(copied, shape).SerializeToString()
    if len(written) > LIMITS[MODEL]:
        raise ValueError(
            f"`model` takes {len(written) / MIB:.0f} MB as ONNX; a hand-in file may "
            f"hold {LIMITS[MODEL] // MIB} MB"
        )
    agreed = agreement(copied, written, shape)
    parameters = _judged(written).count.total
    facts = {
        "classes": classes,
        "parameters": parameters,
        "parameter_names": [
            name for name, _ in copied.named_parameters(remove_duplicate=False)
        ],
        "agreement": asdict(agreed),
    }
    return written, facts


def _judged(written: bytes) -> Measured:
    """Refuse to write what an inspection would refuse to read."""
    from coursekit.course.challenges.measured import of_file

    try:
        return of_file(written)
    except ValueError as error:
        raise ValueError(f"`model` cannot be handed in: {error}") from error


def _classes(model: nn.Module, shape: tuple[int, ...]) -> int:
    """Try two images; refuse what does not give one row of class scores an image."""
    said = f"`model` refuses images of `input_shape` {shape}"
    with evaluating(model), one_sentence(model, shape, said=said):
        logits = model(torch.zeros(2, *shape))
    found = tuple(getattr(logits, "shape", ()))
    if len(found) != 2 or found[0] != 2:
        raise ValueError(
            "`model` must give one row of class scores per image, (n, classes); for 2 "
            f"images it gave {found or type(logits).__name__}"
        )
    return found[1]


def _checked_shape(shape: object, challenge: object) -> tuple[int, ...]:
    shape = getattr(challenge, "input_shape", None) if shape is None else shape
    if shape is None:
        raise ValueError(
            "`input_shape` must be given as (channels, height, width), such as "
            "(1, 28, 28); got None"
        )
    sizes = tuple(shape) if isinstance(shape, Sequence) else ()
    whole = all(isinstance(s, int) and not isinstance(s, bool) for s in sizes)
    if len(sizes) != 3 or not whole or min(sizes) < 1:
        raise ValueError(
            "`input_shape` must be (channels, height, width), three whole numbers ≥ 1; "
            f"got {shape!r}"
        )
    return sizes


def _check(model: object, history: object, name: object) -> None:
    if not isinstance(model, nn.Module):
        raise ValueError(f"`model` must be a network; got {type(model).__name__}")
    if history is not None and not isinstance(history, History):
        kind = type(history).__name__
        raise ValueError(f"`history` must be what `fit` returned, or None; got {kind}")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise ValueError(
            f"`name` must be a text of at most {LONGEST_NAME} characters; got {name!r}"
        )


def _checked_path(path: object) -> Path:
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise ValueError(f"`path` must name a file; got {path!r}")
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"`path` must name a file; {path} is a folder")
    return path


def _name_of(challenge: object) -> str | None:
    found = getattr(challenge, "name", challenge)
    if found is not None and not isinstance(found, str):
        kind = type(challenge).__name__
        raise ValueError(f"`challenge` must be a name or have one; got {kind}")
    return found


def _history_rows(history: History | None) -> dict:
    if history is None:
        return {"epochs": [], "settings": {}}
    return {
        "epochs": [asdict(row) for row in history],
        "settings": {str(key): jsons.plain(v) for key, v in history.settings.items()},
    }


def _normalisation(model: nn.Module, history: History | None, channels: int):
    """Return what the images were normalised with: the history's, else `fit`'s note."""
    mean, std = getattr(model, "_coursekit_norm", None) or ((), ())
    if history is not None and history.mean:
        mean, std = history.mean, history.std
    if not mean:
        return None
    numbers = [*mean, *std]
    if not all(map(isfinite, numbers)) or {len(mean), len(std)} != {channels}:
        raise ValueError(
            f"`history` normalises {len(mean)} channels, but `input_shape` has "
            f"{channels}: is it the history of another model?"
        )
    return {"mean": list(mean), "std": list(std)}


def _versions() -> dict[str, str | None]:
    packages = ("torch", "onnx", "onnxruntime")
    own = {"coursekit": __version__, "python": platform.python_version()}
    return own | {name: version(name) for name in packages}
