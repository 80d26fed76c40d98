"""Files that want time or memory: one sentence each, from a process with bounds."""

import importlib
import os
import re
import struct
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx import StringStringEntryProto, TensorProto, helper

from coursekit.course.handin import bounds, inspect_submission, judge_worker, predict
from coursekit.course.network_file.wire_scan import check_wire
from tests.handin_files import (
    handed_in,
    here,  # noqa: F401
    network,
    packed,
    random,
    sealed,
)

TAIL = [("GlobalAveragePool", "map", "mean"), ("Flatten", "mean", "logits")]
HONEST = network([("Conv", "images w", "map"), *TAIL], {"w": random(2, 1, 3, 3)})


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def graph(content: bytes) -> bytes:
    """Return a model whose graph is these bytes."""
    return b"\x3a" + varint(len(content)) + content


SIX = bytes(6_000_000)
WIRES = {
    "empty nodes": (graph(b"\x0a\x00" * 100_000), "more than 8,000 operators"),
    "values": (graph(b"\x6a\x00" * 400_000), "more than 300,000 entries"),
    "functions": (b"\xca\x01\x00" * 400_000, "more than 300,000 entries"),
    "whole numbers": (
        graph(b"\x2a" + varint(6_000_005) + b"\x3a" + varint(6_000_000) + SIX),
        "4 MB beside the raw numbers",
    ),
    "a length beyond the end": (b"\x3a\xff\xff\xff\x7f", "no ONNX file"),
    "no end of a number": (b"\xff" * 100, "no ONNX file"),
}  # fmt: skip


@pytest.mark.parametrize("name", WIRES)
def test_what_would_grow_is_refused_before_it_is_parsed(name):
    data, sentence = WIRES[name]
    with pytest.raises(ValueError, match=sentence):
        check_wire(data)


def test_a_network_of_raw_numbers_passes_the_scan():
    model = network([("Conv", "images w", "map"), *TAIL], {"w": random(900, 1, 80, 80)})
    check_wire(model.SerializeToString())


def constant(name, *numbers):
    return helper.make_node("Constant", [], [name], value_ints=list(numbers))


def chain(length):
    nodes = [("Relu", f"t{k - 1}" if k else "images", f"t{k}") for k in range(length)]
    return network([*nodes, ("Identity", f"t{length - 1}", "map"), *TAIL], valid=False)


def broadcast():
    sides = {
        f"c{k}": np.ones([1024 if d == k else 1 for d in range(4)], bool)
        for k in range(4)
    }
    nodes = [("And", "c0 c1", "d"), ("And", "d c2", "e"), ("And", "e c3", "f")]
    nodes += [("Where", "f images images", "map"), *TAIL]
    return network(nodes, sides, valid=False)


BOMBS = {
    "a mask of 2^40": broadcast,
    "padding by 2^62": lambda: network(
        [constant("p", 0, 0, *[2**62] * 2, 0, 0, *[2**62] * 2),
         ("Pad", "images p", "map"), *TAIL],
        valid=False,
    ),
    "a constant of 2^124": lambda: network(
        [constant("p", 2**62, 2**62), ("ConstantOfShape", "p", "z"),
         ("Add", "images z", "map"), *TAIL],
        valid=False,
    ),
    "a range of 2^40": lambda: network(
        [constant("a", 0), constant("b", 2**40), constant("s", 1),
         ("Range", "a b s", "r"), ("Add", "images r", "map"), *TAIL],
        valid=False,
    ),
    "inputs by the thousand": lambda: network(
        [helper.make_node("Concat", ["images"] * 100_000, ["map"], axis=1), *TAIL],
        valid=False,
    ),
    "einsum of dots": lambda: network(
        [("Einsum", "images", "logits", {"equation": "...."})], valid=False
    ),
    "a long chain": lambda: chain(19_000),
}  # fmt: skip


def said_of(path) -> str:
    """Return the one sentence about a file, or the doubt that leaves it to a person."""
    try:
        rules = inspect_submission(path, rules={"parameters_below": 10**6}).rules
    except ValueError as error:
        return "" if len(str(error).splitlines()) > 1 else str(error)
    return rules[0].note if rules[0].status == "for a person" else ""


def forget_the_peak() -> str:
    """Let the largest memory of this process count from now; else say why it cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError as error:  # not on Linux, or refused by a container
        return str(error)
    return ""


def peak() -> int:
    """Return the largest memory of this process since it was forgotten, in kB."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_or_for_a_person(name, tmp_path):
    path = handed_in(tmp_path / "a.zip", BOMBS[name]())
    importlib.import_module("coursekit.course.handin.ruled")
    why_not = forget_the_peak()
    before = 0 if why_not else peak()
    assert said_of(path)
    if why_not:
        pytest.skip(f"it is refused, but its memory is not measured here: {why_not}")
    assert peak() - before < 300_000  # kB: the parent stays as it is


def test_the_worker_finds_what_this_process_finds(tmp_path):
    path = handed_in(tmp_path / "a.zip", HONEST)
    found = inspect_submission(path, rules={"parameters_below": 19})
    assert found.rules[0].met
    assert found.to_dict()["network"] == judge_worker.main(str(path))["network"]


def test_the_bounds_hold(tmp_path):
    code = (
        "from coursekit.course.handin.bounds import bound\n"
        "bound(memory=10**9, seconds=60, written=1000)\n"
        "try:\n    bytearray(3 * 10**9)\nexcept MemoryError:\n    print('stopped')\n"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "stopped"
    assert bounds.MEMORY <= 2 * 10**9


def test_a_zip_directory_is_not_read_where_it_is_too_long(tmp_path):
    path = tmp_path / "a.zip"
    entry = b"PK\x01\x02" + bytes(42)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 46 * 10**5, 0, 0)
    path.write_bytes(entry * 10**5 + end)
    with pytest.raises(
        ValueError, match="a zip directory of an unusual kind or length"
    ):
        inspect_submission(path)


def test_a_zip_of_many_entries_is_told_by_its_end(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1_100):
            archive.writestr(f"{number}", b"")
    with pytest.raises(ValueError, match=r"zip directory of an unusual|holds 1,100"):
        inspect_submission(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.zip")
    said = []

    def ask():
        with pytest.raises(ValueError, match="is not a file") as caught:
            inspect_submission(tmp_path / "a.zip")
        said.append(str(caught.value))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(30)
    assert said


@pytest.mark.parametrize("mean", [10**400, 1e300, "0.1", None])
def test_a_mean_that_is_none_gets_one_sentence(mean, tmp_path, request):
    request.getfixturevalue("here")
    norm = {"mean": [mean], "std": [1.0]}
    path = handed_in(tmp_path / "a.zip", HONEST, normalisation=norm)
    with pytest.raises(ValueError, match="must give mean and std > 0"):
        inspect_submission(path)


@pytest.mark.parametrize(
    "nodes",
    [
        [helper.make_node("Constant", [], ["c"]), ("Add", "images c", "map"), *TAIL],
        [("SequenceConstruct", "images", "s"),
         ("SequenceAt", "s c", "map"), *TAIL],
        [constant("s", 1, 1, 0, 0), helper.make_node(
            "Resize", ["images", "", "", "s"], ["map"]), *TAIL],
    ],
    ids=["a constant without a number", "a sequence", "a size of 0"],
)  # fmt: skip
def test_strange_nodes_leave_no_traceback(nodes, tmp_path, request):
    request.getfixturevalue("here")
    model = network(nodes, {"c": np.array(0)}, valid=False)
    path = handed_in(tmp_path / "a.zip", model)
    assert said_of(path)


def test_names_that_turn_the_writing_are_made_visible(tmp_path, request):
    request.getfixturevalue("here")
    weights = {"w\u202e\x1b[31m.weight": random(2, 1, 3, 3)}
    nodes = [helper.make_node("Conv", ["images", next(iter(weights))], ["map"]), *TAIL]
    path = handed_in(tmp_path / "a.zip", network(nodes, weights), name="A\u202eda")
    text = repr(inspect_submission(path))
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "w\\u202e\\u001b[31m.weight" in text


# ------------------------------------------------------------ images learnt by heart


def memory(images):
    """Return a network that knows images by heart and nothing else.

    Each class is a row of a table: the image that looks like its template most wins.
    """
    table = images.reshape(len(images), -1).astype(np.float32) - 0.5
    nodes = [("Flatten", "images", "row"), ("Gemm", "row table", "logits")]
    return network(nodes, {"table": np.ascontiguousarray(table.T)})


def test_images_learnt_by_heart_fall_when_they_move_by_a_pixel(tmp_path, request):
    request.getfixturevalue("here")
    images = (np.random.default_rng(0).random((40, 1, 8, 8)) > 0.5).astype(np.float32)
    path = handed_in(tmp_path / "a.zip", memory(images))
    found = inspect_submission(
        path, images=images, labels=np.arange(40), rules={"test_accuracy": 99}
    )
    assert found.evaluation.accuracy == 1
    assert found.evaluation.moved < 15
    assert found.rules[0].status == "for a person"
    assert "when they move by a pixel" in found.rules[0].note


def codes_of(images, projection):
    bits = images.reshape(len(images), -1).astype(np.float64) @ projection > 0
    return bits @ (2.0 ** np.arange(bits.shape[1]))


def memory_without_parameters(images, labels):
    """Return a file that answers by a table of codes and has no float in it.

    The projection is computed from whole numbers that follow each other, each image's
    signs under it are its code, and the codes of all images stand in the file.
    """
    pixels, bits = images[0].size, 24
    line = np.arange(pixels * bits)
    hashed = (line * 7919 % 104729).reshape(pixels, bits) / 104729 - 0.5
    codes = codes_of(images, hashed.astype(np.float32)).astype(np.int64)
    stored = {"codes": codes[None], "answers": np.eye(10, dtype=np.int8)[labels]}
    nodes = [
        constant("zero", 0), constant("end", pixels * bits), constant("one", 1),
        constant("a", 7919), constant("m", 104729), constant("shape", pixels, bits),
        helper.make_node("Squeeze", ["zero"], ["first"]),
        helper.make_node("Squeeze", ["end"], ["last"]),
        helper.make_node("Squeeze", ["one"], ["step"]),
        ("Range", "first last step", "line"), ("Mul", "line a", "far"),
        ("Mod", "far m", "hash"), ("Reshape", "hash shape", "whole"),
        ("Cast", "whole", "float", {"to": 1}), ("Cast", "m", "size", {"to": 1}),
        ("Div", "float size", "share"),
        helper.make_node("Constant", [], ["half"], value_float=0.5),
        ("Sub", "share half", "projection"), ("Flatten", "images", "row"),
        ("MatMul", "row projection", "signs"),
        helper.make_node("Constant", [], ["nought"], value_float=0.0),
        ("Greater", "signs nought", "truths"), ("Cast", "truths", "bits", {"to": 11}),
        ("MatMul", "bits powers", "code"), ("Cast", "code", "codes_", {"to": 7}),
        ("Equal", "codes_ codes", "hit"), ("Cast", "hit", "hits", {"to": 1}),
        ("Cast", "answers", "table", {"to": 1}), ("MatMul", "hits table", "logits"),
    ]  # fmt: skip
    powers = (2.0 ** np.arange(bits)).reshape(bits, 1)
    return network(nodes, stored | {"powers": powers})


def test_a_table_of_codes_falls_on_four_grounds(tmp_path, request):
    request.getfixturevalue("here")
    generator = np.random.default_rng(0)
    images = generator.random((2_000, 1, 12, 12)).astype(np.float32)
    labels = generator.integers(0, 10, 2_000)
    model = memory_without_parameters(images, labels)
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 12
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 12
    rules = {"parameters_below": 8_000, "description_below": 8_000}
    rules |= {"test_accuracy": 85, "receptive_field": 1, "multiply_adds_at_most": 10**9}
    found = inspect_submission(
        handed_in(tmp_path / "a.zip", model), images=images, labels=labels, rules=rules
    )
    assert found.evaluation.accuracy > 0.85
    assert [rule.status for rule in found.rules] == [
        "not met",  # 22,000 numbers are stored
        "not met",  # and cost bytes
        "for a person",  # moved by a pixel they are of no use
        "for a person",  # nodes that are not recognised
        "for a person",
    ]


def test_scores_that_depend_on_the_neighbours_are_seen(tmp_path, request):
    request.getfixturevalue("here")
    nodes = [
        ("GlobalAveragePool", "images", "mean"),
        ("Flatten", "mean", "row"),
        constant("first", 0),
        ("ReduceMean", "row first", "all"),
        ("Sub", "row all", "logits"),
    ]
    path = handed_in(tmp_path / "a.zip", network(nodes, shape=(3, 8, 8)))
    generator = np.random.default_rng(0)
    images = generator.random((300, 3, 8, 8)).astype(np.float32)
    found = inspect_submission(path, images=images, labels=np.zeros(300, int))
    assert found.evaluation.apart > 1e-3
    assert "depends on the other images" in found.evaluation.doubts()[0]


def test_an_honest_networks_answers_do_not_depend_on_the_order(tmp_path, request):
    request.getfixturevalue("here")
    path = handed_in(tmp_path / "a.zip", HONEST)
    images = np.random.default_rng(0).random((300, 1, 8, 8)).astype(np.float32)
    found = inspect_submission(path, images=images, labels=np.zeros(300, int))
    assert found.evaluation.apart < predict.APART
    assert found.evaluation.doubts() == []


# ----------------------------------------- small files that mean no good, one sentence


def conv(**settings):
    return helper.make_node("Conv", ["images", "w"], ["map"], **settings)


def with_tensor(**fields):
    """A network whose kernel is a tensor of these fields."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, **fields)
    return network([conv(), *TAIL], {"w": tensor}, valid=False)


def elsewhere(place):
    entry = StringStringEntryProto(key="location", value=place)
    return with_tensor(
        dims=[2, 1, 3, 3], data_location=TensorProto.EXTERNAL, external_data=[entry]
    )


def twice():
    model = network([conv(), *TAIL], {"w": random(2, 1, 3, 3)}, valid=False)
    model.graph.initializer.append(model.graph.initializer[0])
    return model


def kernel(**settings):
    return network([conv(**settings), *TAIL], {"w": random(2, 1, 3, 3)}, valid=False)


def only(op, **settings):
    node = helper.make_node(op, ["images"], ["map"], **settings)
    return network([node, *TAIL], valid=False)


def loop():
    body = helper.make_graph([], "body", [], [])
    node = helper.make_node("Loop", ["", "", "images"], ["map"], body=body)
    return network([node, *TAIL], valid=False)


TRICKS = {
    "a loop": (loop, "control flow"),
    "numbers of a device": (lambda: elsewhere("/dev/zero"), "lies in another file"),
    "numbers further up": (lambda: elsewhere("../../x"), "lies in another file"),
    "an initializer twice": (twice, "not unique"),
    "a circle": (
        lambda: network(
            [("Add", "images b", "a"), ("Relu", "a", "b"), ("Identity", "a", "map"),
             *TAIL], valid=False), "topologically sorted"),
    "a node that feeds itself": (
        lambda: network([("Add", "images map", "map"), *TAIL], valid=False),
        "topologically sorted"),
    "negative sides": (lambda: with_tensor(dims=[-2, -1, 3, 3], raw_data=bytes(72)),
                       "Negative dimension|cannot be read"),
    "sides of 2^62": (lambda: with_tensor(dims=[2**62, 2, 3, 3]),
                     "overflow|no valid ONNX"),
    "2^31 by nothing": (lambda: with_tensor(dims=[2**31, 0, 3, 3]), "do not fit"),
    "a stride of 0": (lambda: kernel(strides=[0, 0]), "do not fit"),
    "no groups": (lambda: kernel(group=0), "do not fit"),
    "a dilation of 2^40": (lambda: kernel(dilations=[2**40] * 2), "do not fit"),
    "a window of 2^31": (lambda: only("MaxPool", kernel_shape=[2**31] * 2),
                         "do not fit"),
    "blocks of 2^31": (lambda: only("DepthToSpace", blocksize=2**31, mode="CRD"),
                       "do not fit|Invalid input shape"),
    "doubled sixty times": (
        lambda: network(
            [*[("Concat", f"x{k} x{k}" if k else "images images", f"x{k + 1}",
                {"axis": 1}) for k in range(60)], ("Identity", "x60", "map"), *TAIL],
            valid=False), "do not fit"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRICKS)
def test_a_graph_that_means_no_good_gets_one_sentence(name, tmp_path, request):
    request.getfixturevalue("here")
    make, sentence = TRICKS[name]
    with pytest.raises(ValueError, match=sentence) as caught:
        inspect_submission(handed_in(tmp_path / "a.zip", make()))
    assert len(str(caught.value).splitlines()) == 1


def test_graphs_inside_graphs_are_not_followed():
    inner = b""
    for _ in range(2_000):  # a node with an attribute with a graph with a node …
        for key in (b"\x0a", b"\x32", b"\x2a"):
            inner = key + varint(len(inner)) + inner
    with pytest.raises(ValueError, match="nested too deeply"):
        check_wire(graph(b"\x0a" + varint(len(inner)) + inner))


def entries(path, change):
    """Change every entry of a zip's directory, given its bytes and where it begins."""
    packed(path, sealed(b"x" * 100))
    data = bytearray(path.read_bytes())
    place = data.find(b"PK\1\2")
    while place >= 0:
        change(data, place)
        place = data.find(b"PK\1\2", place + 4)
    path.write_bytes(data)


def one_beginning(data, place):
    data[place + 42 : place + 46] = bytes(4)


def a_wrong_size(data, place):
    data[place + 24 : place + 28] = struct.pack("<I", 2**31)


def encrypted(data, place):
    data[place + 8] |= 1


def bad_letters(data, place):
    data[place + 9] |= 8  # its name is said to be UTF-8
    data[place + 46 : place + 48] = b"\xff\xfe"


@pytest.mark.parametrize(
    "change", [one_beginning, a_wrong_size, encrypted, bad_letters]
)
def test_a_zip_with_a_false_directory_gets_one_sentence(change, tmp_path, request):
    request.getfixturevalue("here")
    entries(tmp_path / "a.zip", change)
    with pytest.raises(ValueError, match=r"a\.zip|model\.onnx|history\.json") as caught:
        inspect_submission(tmp_path / "a.zip")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["/etc/passwd", "../../x", "C:\\x", "model.onnx/"])
def test_a_name_that_leads_elsewhere_is_not_unpacked(name, tmp_path, request):
    request.getfixturevalue("here")
    path = packed(tmp_path / "a.zip", sealed(b"x") | {name: b"x"})
    with pytest.raises(ValueError, match=r"only model\.onnx"):
        inspect_submission(path)
