"""Hand-in files made by hand: honest ones, broken ones and cheats."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, checker, helper, numpy_helper

from coursekit.course.handin import judge_worker, judging

NOTHING = b'{"epochs": [], "settings": {}}'


def sealed(model: bytes, history: bytes = NOTHING, **changes) -> dict[str, bytes]:
    """Return the three members of a hand-in file that fit each other."""
    members = {"model.onnx": model, "history.json": history}
    manifest = {
        "format": 1,
        "name": "Ada",
        "members": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in members.items()
        },
    }
    return {**members, "manifest.json": json.dumps(manifest | changes).encode()}


def packed(path: Path, members: dict[str, bytes]) -> Path:
    """Write members into a zip as they are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def handed_in(path: Path, model, **changes) -> Path:
    """Write a hand-in file around an ONNX model."""
    return packed(path, sealed(model.SerializeToString(), **changes))


def network(nodes, weights=None, shape=(1, 8, 8), valid=True, **more):
    """Return an ONNX model from `images` to `logits` with the given nodes.

    Args:
        nodes: (operator, inputs, output, settings), or ready nodes.
        weights: name → array or ready tensor.
        shape: of one image.
    """
    made = [node if not isinstance(node, tuple) else _node(*node) for node in nodes]
    tensors = [
        value
        if isinstance(value, TensorProto)
        else numpy_helper.from_array(np.asarray(value), name)
        for name, value in (weights or {}).items()
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", *shape])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", "k"])
    graph = helper.make_graph(made, "network", [images], [logits], tensors)
    opsets = [helper.make_opsetid("", 18), *more.pop("opsets", [])]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, **more)
    if valid:
        checker.check_model(model)
    return model


def _node(op, inputs, output, settings=None):
    return helper.make_node(op, inputs.split(), [output], **(settings or {}))


def random(*shape, dtype=np.float32, seed=0):
    """Return random numbers, all of them different."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.fixture
def here(monkeypatch):
    """Judge files in this process: the worker's own tests start one."""

    def judged(path):
        return judging.answer_of(path.name, judge_worker.main(str(path)))

    monkeypatch.setattr(judging, "judged_apart", judged)
