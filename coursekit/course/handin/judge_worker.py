"""Read and judge somebody else's file in a process of its own, with bounds.

    python -m coursekit.course.handin.judge_worker submission.zip

It says `ready` once everything is loaded, then one JSON object: what was found, or why
the file is refused.
"""

import json
import sys

from coursekit.course.handin.bounds import (
    LOADING,
    MEMORY,
    SECONDS,
    WRITTEN,
    bound,
    bound_judging,
)
from coursekit.course.network_file.layout import OPSET

READY = "ready"


def main(path: str, loaded=lambda: None) -> dict[str, object]:
    """Return what is in the file, or {"refused": sentence}.

    Args:
        path: of a hand-in file.
        loaded: called when everything is loaded and the judging begins.
    """
    try:
        return _found(path, loaded)
    except (ValueError, OSError) as error:
        return {"refused": str(error)}
    except (MemoryError, RecursionError) as error:
        kind = type(error).__name__
        return {"refused": f"to read the network takes too much memory ({kind})"}


def _found(path: str, loaded) -> dict[str, object]:
    from coursekit.course.handin.opening import opened
    from coursekit.course.network_file.wire_scan import check_wire

    file = opened(path)
    check_wire(file.model)  # before torch is loaded: most bombs end here
    from coursekit.course.challenges.measured import of_file
    from coursekit.course.handin.facts import plain

    loaded()
    found = {"size": file.size, "sha256": file.sha256}
    found |= {"manifest": file.manifest, "history": file.history}
    return found | {"network": plain(of_file(file.model))}


def _begin() -> None:
    """Judge a first network, which loads the rest of torch; then the clock starts."""
    import torch
    from onnx import TensorProto, helper

    from coursekit.course.challenges.measured import of_file

    torch.set_num_threads(1)
    sides = ("images", ["n", 1, 2, 2]), ("logits", ["n", 1, 1, 1])
    first, last = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in sides
    )
    node = helper.make_node("GlobalAveragePool", ["images"], ["logits"])
    graph = helper.make_graph([node], "first", [first], [last])
    opsets = [helper.make_opsetid("", OPSET)]
    of_file(helper.make_model(graph, opset_imports=opsets).SerializeToString())
    bound_judging(SECONDS)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    bound(memory=MEMORY, seconds=SECONDS + LOADING, written=WRITTEN)
    sys.stdout.write(json.dumps(main(sys.argv[1], _begin)))
