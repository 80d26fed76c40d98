"""`inspect_submission`: look at a hand-in file without trusting any of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from coursekit.course.handin.inspection import Inspection
from coursekit.course.network_file.layout import need


def inspect_submission(
    path: str | os.PathLike,
    *,
    images: object = None,
    labels: object = None,
    rules: Mapping[str, object] | None = None,
) -> Inspection:
    """Judge a handed-in network by its graph, and measure it on images.

    Nothing the student wrote runs and nothing is unpickled. The file is read in a
    process of its own with bounds on memory, time, processes and output, and so are the
    images answered; Windows bounds the time only. The judge is the one of
    `challenge.check`.

    Args:
        path: a file that `submit` wrote.
        images: (n, channels, height, width), uint8 (normalised as the manifest says) or
            float (taken as they are), or an `ImageSet`; None to measure nothing.
        labels: (n,) whole numbers.
        rules: a challenge, or a mapping like a table of its file, such as
            `{"parameters_below": 8000, "layers": ["batch norm"]}`.

    Raises:
        ValueError: no hand-in file, or something in it is refused; one sentence.
        ModuleNotFoundError: onnx or onnxruntime is missing.
        OSError: the file cannot be read.
    """
    need("onnx", "onnxruntime")
    from coursekit.course.handin.opening import check_directory, shown_name
    from coursekit.course.handin.ruled import judged, listed

    asked = None if rules is None else tuple(listed(rules))
    path = Path(path)
    check_directory(path)
    found = _inspection(shown_name(path), path)
    if images is not None:
        found = replace(found, evaluation=_evaluation(found, path, images, labels))
    return found if asked is None else replace(found, rules=judged(asked, found))


def _inspection(name: str, path: Path) -> Inspection:
    from coursekit.course.handin.facts import measured_from
    from coursekit.course.handin.judging import judged_apart
    from coursekit.course.handin.stated import read_claims

    seen = judged_apart(path)
    network = measured_from(seen["network"])
    claims = read_claims(seen["manifest"], seen["history"], network.input_shape[0])
    return Inspection(name, seen["size"], seen["sha256"], claims, network)


def _evaluation(found: Inspection, path: Path, images: object, labels: object):
    from coursekit.course.handin.opening import opened
    from coursekit.course.handin.predict import evaluate

    return evaluate(
        opened(path).model,
        images,
        labels,
        input_shape=found.input_shape,
        normalisation=found.claims.normalisation,
    )
