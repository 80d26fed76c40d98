"""`inspect_submission`: look at a hand-in file without trusting any of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.course.handin.inspection import Inspection
from coursekit.course.handin.layout import need
from coursekit.course.handin.opening import Opened, opened

if TYPE_CHECKING:
    from coursekit.course.handin.graph import Graph
    from coursekit.course.handin.graph_field import Field
    from coursekit.course.handin.layers import Structure


def inspect_submission(
    path: str | os.PathLike,
    *,
    images: object = None,
    labels: object = None,
    rules: Mapping[str, object] | None = None,
) -> Inspection:
    """Recount a handed-in network from its graph, and measure it on images.

    Neither torch nor anything the student wrote runs; nothing is unpickled. The network
    answers images in a process of its own, bounded in time, and in memory where the
    system can bound it.

    Args:
        path: a file that `submit` wrote.
        images: (n, channels, height, width), uint8 (normalised as the manifest says) or
            float (taken as they are), or an `ImageSet`; None to measure nothing.
        labels: (n,) whole numbers.
        rules: see `coursekit.course.handin.submission_rules.judged`, such as
            `{"parameters_below": 8000, "dense": "after GAP"}`.

    Raises:
        ValueError: no hand-in file, or something in it is refused; one sentence.
        ModuleNotFoundError: onnx or onnxruntime is missing.
        OSError: the file cannot be read.
    """
    need("onnx", "onnxruntime")
    from coursekit.course.handin.graph import read_graph
    from coursekit.course.handin.predict import evaluate
    from coursekit.course.handin.submission_rules import judged

    file = opened(path)
    graph = read_graph(file.model)
    found = _inspection(Path(path).name, file, graph)
    if images is not None:
        measured = evaluate(
            file.model,
            images,
            labels,
            input_shape=graph.input_shape,
            normalisation=found.claims.normalisation,
        )
        found = replace(found, evaluation=measured)
    return found if rules is None else replace(found, rules=judged(rules, found))


def _inspection(name: str, file: Opened, graph: Graph) -> Inspection:
    """Return what the graph shows, without running it."""
    from coursekit.course.handin import multiply_adds as costs
    from coursekit.course.handin.count import count
    from coursekit.course.handin.layers import structure
    from coursekit.course.handin.stated import read_claims

    parts = structure(graph)
    return Inspection(
        file=name,
        size=file.size,
        sha256=file.sha256,
        claims=read_claims(file.manifest, file.history, graph.input_shape[0]),
        input_shape=graph.input_shape,
        count=count(graph),
        layers=parts.layers,
        gap=parts.gap,
        last_map=graph.shapes[parts.last_map][1:] if parts.last_map else None,
        field=_field(graph, parts),
        multiply_adds=costs.total(graph),
        unknown=parts.unknown,
    )


def _field(graph: Graph, parts: Structure) -> tuple[Field, Field]:
    from coursekit.course.handin.graph_field import Field, receptive_field
    from coursekit.course.handin.maps import places

    if parts.last_map is None:
        return (Field(unknown=next(iter(parts.unknown), "that keeps a map")),) * 2
    return receptive_field(graph, places(graph), parts.last_map)
