"""Files that want to harm or to cheat: each is refused, or caught by its own line."""

import io
import json
import struct
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from coursekit.course.handin import inspect_submission, opening, predict
from coursekit.course.network_file import layout
from tests.handin_files import handed_in, here, network, packed, random, sealed  # noqa: F401

pytestmark = pytest.mark.usefixtures("here")

HEAD = [
    ("Conv", "images kernel", "map"),
    ("GlobalAveragePool", "map", "mean"),
    ("Flatten", "mean", "row"),
    ("Gemm", "row dense", "logits"),
]
WEIGHTS = {"kernel": random(4, 1, 3, 3), "dense": random(4, 2)}  # 36 + 8 numbers


def honest():
    return network(HEAD, WEIGHTS)


def test_the_honest_file_passes(tmp_path):
    found = inspect_submission(handed_in(tmp_path / "a.zip", honest(), parameters=44))
    assert found.parameters == 44
    assert found.remarks == (
        "used as weights, but no parameters in torch: dense (8), kernel (36)",
    )


# ---------------------------------------------------------------- the zip


def without(members, name):
    return {key: data for key, data in members.items() if key != name}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda m: {**m, "../../evil.py": b"x"}, r"holds '../../evil.py'; only"),
        (lambda m: {**m, "/etc/passwd": b"x"}, "holds '/etc/passwd'; only"),
        (lambda m: {**m, "weights.pt": b"x"}, "holds 'weights.pt'; only"),
        (lambda m: without(m, "model.onnx"), "it holds no model.onnx"),
        (lambda m: without(m, "manifest.json"), "it holds no manifest.json"),
        (
            lambda m: {**m, "model.onnx": m["model.onnx"] + b" "},
            "model.onnx is not the",
        ),
        (lambda m: {**m, "history.json": b"{}"}, "history.json is not the one"),
        (
            lambda m: {**m, "manifest.json": b"[1]"},
            "manifest.json must hold one object",
        ),
        (lambda m: {**m, "manifest.json": b"{"}, "manifest.json is no JSON"),
        (lambda m: {**m, "manifest.json": b"\xff"}, "manifest.json is no JSON"),
        (lambda m: {**m, "manifest.json": b'{"a":1,"a":2}'}, "a key stands twice"),
        (lambda m: {**m, "manifest.json": b'{"a":NaN}'}, "NaN is no number"),
        (lambda m: {**m, "manifest.json": b'{"a":1e999}'}, "1e999 is too large"),
        (lambda m: {**m, "manifest.json": b"[" * 200_000}, "manifest.json is no JSON"),
        (lambda m: {**m, "manifest.json": b"{}"}, "model.onnx is not the one"),
    ],
)
def test_a_zip_that_is_not_as_submit_wrote_it_is_refused(tmp_path, change, sentence):
    members = change(sealed(honest().SerializeToString()))
    with pytest.raises(ValueError, match=sentence):
        inspect_submission(packed(tmp_path / "a.zip", members))


def test_a_member_that_stands_twice_is_refused(tmp_path):
    path = packed(tmp_path / "a.zip", sealed(honest().SerializeToString()))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(match="Duplicate"):
        archive.writestr("model.onnx", b"another")
    with pytest.raises(ValueError, match=r"holds model\.onnx twice"):
        inspect_submission(path)


@pytest.mark.parametrize("lie", [False, True])
def test_a_bomb_is_not_unpacked(tmp_path, lie, monkeypatch):
    monkeypatch.setitem(layout.LIMITS, "history.json", 10_000)
    asked, read = [], zipfile.ZipExtFile.read

    def noted(self, n=-1):
        asked.append(n)
        return read(self, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", noted)
    members = sealed(honest().SerializeToString(), b" " * 50_000_000)
    path = packed(tmp_path / "a.zip", members)
    if lie:  # the header says the member is small
        true, told = struct.pack("<I", 50_000_000), struct.pack("<I", 100)
        path.write_bytes(path.read_bytes().replace(true, told))
    with pytest.raises(
        ValueError, match=r"history.json unpacks to more|no zip that can"
    ):
        inspect_submission(path)
    assert all(0 < n <= max(layout.LIMITS.values()) + 1 for n in asked)


def test_a_file_that_is_too_large_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="a hand-in file has at most"):
        inspect_submission(handed_in(tmp_path / "a.zip", honest()))


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_is_refused(tmp_path, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is no zip that can be read"):
        inspect_submission(path)


def sentence_about(path):
    """Return why a file is refused, "" where it is not."""
    try:
        inspect_submission(path)
    except ValueError as error:
        return str(error)
    return ""


def refused(said):
    """Return how many files are refused, each in one sentence."""
    assert [one for one in said if len(one.splitlines()) > 1] == []
    return sum(map(bool, said))


def test_every_damaged_file_ends_in_one_sentence(tmp_path):
    whole = handed_in(tmp_path / "a.zip", honest()).read_bytes()
    generator = np.random.default_rng(0)
    path, said = tmp_path / "b.zip", []
    for place in generator.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        said.append(sentence_about(path))
    assert refused(said) > 30  # the others change a date or what nobody reads


def test_a_damaged_network_ends_in_one_sentence(tmp_path):
    whole, said = honest().SerializeToString(), []
    generator = np.random.default_rng(1)
    for place in generator.integers(0, len(whole), 150):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(generator.integers(8))
        path = packed(tmp_path / "a.zip", sealed(bytes(damaged)))
        said.append(sentence_about(path))
    assert refused(said) > 30  # the others change a weight or a name


def test_an_unusual_packing_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, data in sealed(honest().SerializeToString()).items():
            archive.writestr(name, data)
    with pytest.raises(ValueError, match="packed in an unusual way"):
        inspect_submission(path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": 2}, "manifest.json has format 2"),
        ({"name": ["x"]}, "`name` in manifest.json must be a text"),
        ({"name": "x" * 10_000}, "`name` in manifest.json must be a text"),
        ({"parameters": -1}, "`parameters` in manifest.json must be a whole number"),
        ({"parameter_names": 3}, "`parameter_names` in manifest.json must be a list"),
        ({"normalisation": {"mean": [0.1]}}, "must give mean and std > 0"),
        ({"normalisation": {"mean": [0], "std": [0]}}, "must give mean and std > 0"),
    ],
)
def test_a_manifest_of_the_wrong_form_is_refused(tmp_path, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        inspect_submission(handed_in(tmp_path / "a.zip", honest(), **changes))


def test_texts_of_a_file_are_no_html(tmp_path):
    path = handed_in(tmp_path / "a.zip", honest(), name="<script>alert(1)</script>")
    assert "<script>" not in inspect_submission(path)._repr_html_()


# ---------------------------------------------------------------- the graph


def external():
    tensor = numpy_helper.from_array(random(4, 1, 3, 3), "kernel")
    onnx.external_data_helper.set_external_data(tensor, "/etc/passwd")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    return network(HEAD, {**WEIGHTS, "kernel": tensor}, valid=False)


def branching():
    inner = helper.make_graph(
        [helper.make_node("Identity", ["mean"], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
    )
    question = helper.make_node(
        "If", ["flag"], ["either"], then_branch=inner, else_branch=inner
    )
    nodes = [*HEAD[:2], question, ("Flatten", "either", "row"), HEAD[3]]
    return network(nodes, {**WEIGHTS, "flag": np.array(True)})


def function():
    own = helper.make_function(
        "", "Own", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])],
        [helper.make_opsetid("", 18)],
    )  # fmt: skip
    return network(HEAD, WEIGHTS, functions=[own], valid=False)


def foreign():
    node = helper.make_node("Gelu", ["mean"], ["row4"], domain="com.microsoft")
    nodes = [*HEAD[:2], node, ("Flatten", "row4", "row"), HEAD[3]]
    opsets = [helper.make_opsetid("com.microsoft", 1)]
    return network(nodes, WEIGHTS, valid=False, opsets=opsets)


def in_training():
    norm = helper.make_node(
        "BatchNormalization", ["map", *"abcd"], ["normed", "m", "v"], training_mode=1
    )
    numbers = {name: random(4) for name in "abcd"}
    nodes = [HEAD[0], norm, ("GlobalAveragePool", "normed", "mean"), *HEAD[2:]]
    return network(nodes, WEIGHTS | numbers)


def drawing():
    noise = ("RandomNormalLike", "row", "noise")
    nodes = [
        *HEAD[:3],
        noise,
        ("Add", "row noise", "sum"),
        ("Gemm", "sum dense", "logits"),
    ]
    return network(nodes, WEIGHTS)


def two_inputs():
    model = honest()
    model.graph.input.append(
        helper.make_tensor_value_info("more", TensorProto.FLOAT, [1])
    )
    return model


def two_outputs():
    model = honest()
    model.graph.output.append(
        helper.make_tensor_value_info("row", TensorProto.FLOAT, ["n", 4])
    )
    return model


def contradictory():
    return network(HEAD, {**WEIGHTS, "dense": random(5, 2)}, valid=False)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (external, "tensor 'kernel' of model.onnx lies in another file"),
        (branching, r"holds control flow \(If\)"),
        (function, "defines functions of its own"),
        (foreign, "uses operators of 'com.microsoft'"),
        (in_training, "BatchNormalization in model.onnx is in training mode"),
        (drawing, r"draws random numbers \(RandomNormalLike\)"),
        (two_inputs, "has 2 inputs; one is allowed"),
        (two_outputs, "has 2 outputs; the logits alone belong"),
        (
            lambda: network(HEAD, WEIGHTS, shape=(99_999, 8, 8)),
            "must take float images",
        ),
        (lambda: network([("Nope", "images", "logits")], valid=False), "no valid ONNX"),
        (contradictory, "the sizes in model.onnx do not fit"),
    ],
)
def test_a_network_that_cannot_be_counted_is_refused(tmp_path, make, sentence):
    with pytest.raises(ValueError, match=sentence):
        inspect_submission(handed_in(tmp_path / "a.zip", make()))


def test_a_file_that_is_no_network_is_refused(tmp_path):
    members = sealed(b"\x80\x04\x95not a pickle either")
    with pytest.raises(ValueError, match=r"no ONNX file|no valid ONNX|has 0 inputs"):
        inspect_submission(packed(tmp_path / "a.zip", members))


def test_a_pickle_is_never_loaded(tmp_path, monkeypatch):
    import pickle

    class Boom:
        def __reduce__(self):
            return (print, ("it ran",))

    monkeypatch.setattr(pickle, "loads", lambda *_: pytest.fail("unpickled"))
    monkeypatch.setattr(pickle, "load", lambda *_: pytest.fail("unpickled"))
    buffer = io.BytesIO()
    pickle.Pickler(buffer).dump(Boom())
    with pytest.raises(ValueError, match=r"ONNX"):
        inspect_submission(packed(tmp_path / "a.zip", sealed(buffer.getvalue())))


# ---------------------------------------------------------------- cheats with weights


def counted(path, model, **changes):
    return inspect_submission(handed_in(path / "a.zip", model, **changes))


def constant(name, array):
    tensor = numpy_helper.from_array(array)
    return helper.make_node("Constant", [], [name], value=tensor)


def test_a_weight_that_is_a_buffer_in_torch_counts(tmp_path):
    found = counted(tmp_path, honest(), parameters=8, parameter_names=["dense"])
    assert found.parameters == 44
    assert found.remarks[0] == "what counts and is no parameter in torch: 36 numbers"
    assert found.remarks[1].endswith("no parameters in torch: kernel (36)")


def test_a_weight_written_into_the_code_counts(tmp_path):
    nodes = [constant("kernel", WEIGHTS["kernel"]), *HEAD]
    found = counted(tmp_path, network(nodes, {"dense": WEIGHTS["dense"]}))
    assert found.count.how == {"initializers": 8, "constants in the code": 36}


@pytest.mark.parametrize(
    ("dtype", "name"), [(np.float16, "float16"), (np.int8, "int8"), (np.int64, "int64")]
)
def test_weights_of_another_type_count(tmp_path, dtype, name):
    kernel = (100 * random(4, 1, 3, 3)).astype(dtype)
    nodes = [helper.make_node("Cast", ["small"], ["kernel"], to=TensorProto.FLOAT)]
    found = counted(
        tmp_path, network([*nodes, *HEAD], {"small": kernel, "dense": WEIGHTS["dense"]})
    )
    assert found.parameters == 44
    assert found.count.how[f"{name} (quantised, codes or half precision)"] == 36


def test_quantised_weights_count_with_their_scales(tmp_path):
    weights = {
        "q": (100 * random(4, 1, 3, 3)).astype(np.int8),
        "scale": random(4),
        "dense": WEIGHTS["dense"],
    }
    node = helper.make_node("DequantizeLinear", ["q", "scale"], ["kernel"], axis=0)
    assert counted(tmp_path, network([node, *HEAD], weights)).parameters == 48


def test_a_sparse_weight_is_refused(tmp_path):
    values = numpy_helper.from_array(np.array([1.0, 2.0], np.float32), "kernel")
    places = numpy_helper.from_array(np.array([0, 7], np.int64), "places")
    sparse = helper.make_sparse_tensor(values, places, [4, 1, 3, 3])
    node = helper.make_node("Constant", [], ["kernel"], sparse_value=sparse)
    model = network([node, *HEAD], {"dense": WEIGHTS["dense"]}, valid=False)
    with pytest.raises(ValueError, match="holds sparse tensors: write them out"):
        counted(tmp_path, model)


def test_weights_unpacked_from_large_whole_numbers_are_for_a_person(tmp_path):
    # 9 numbers of 32 bits hold 36 of 8 bits.
    weights = {
        "packed": np.arange(9, dtype=np.uint32).reshape(9, 1),
        "shifts": np.array([[0, 8, 16, 24]], np.uint32),
        "dense": WEIGHTS["dense"],
    }
    nodes = [
        helper.make_node("BitShift", ["packed", "shifts"], ["cut"], direction="RIGHT"),
        helper.make_node("Cast", ["cut"], ["bytes"], to=TensorProto.FLOAT),
        ("Reshape", "bytes shape", "kernel"),
    ]
    shape = {"shape": np.array([4, 1, 3, 3])}
    path = handed_in(tmp_path / "a.zip", network([*nodes, *HEAD], weights | shape))
    found = inspect_submission(path, rules={"parameters_below": 10**6})
    assert found.rules[0].status == "for a person"
    assert "BitShift_0" in found.rules[0].note


def test_weights_that_arithmetic_cuts_in_pieces_count_singly(tmp_path):
    # 9 numbers times 4 make 36 different ones.
    weights = {"few": random(9, 1), "times": random(1, 4, seed=1)}
    nodes = [("Mul", "few times", "many"), ("Reshape", "many shape", "kernel")]
    shape = {"shape": np.array([4, 1, 3, 3]), "dense": WEIGHTS["dense"]}
    found = counted(tmp_path, network([*nodes, *HEAD], weights | shape))
    assert found.parameters == 36 + 8


def test_weights_picked_from_a_table_count_with_their_places(tmp_path):
    weights = {
        "table": random(5),
        "places": np.arange(36).reshape(4, 1, 3, 3) % 5,
        "dense": WEIGHTS["dense"],
    }
    nodes = [("Gather", "table places", "kernel"), *HEAD]
    assert counted(tmp_path, network(nodes, weights)).parameters == 5 + 36 + 8


def test_weights_written_as_single_numbers_count(tmp_path):
    nodes, last = [], "images"
    for place in range(60):
        nodes += [constant(f"n{place}", np.float32(place + 0.5))]
        nodes += [("Mul", f"{last} n{place}", f"m{place}")]
        last = f"m{place}"
    head = [("Conv", f"{last} kernel", "map"), *HEAD[1:]]
    found = counted(tmp_path, network([*nodes, *head], WEIGHTS))
    assert found.count.how["single numbers in the code"] == 60


def test_weights_in_running_statistics_of_nothing_count(tmp_path):
    # Batch norm of a constant gives numbers made of its "statistics": hidden weights.
    weights = {"hidden": random(36), "more": random(36, seed=1) ** 2}
    nodes = [
        constant("zero", np.zeros((1, 36, 1), np.float32)),
        constant("one", np.ones(36, np.float32)),
        constant("none", np.zeros(36, np.float32)),
        ("BatchNormalization", "zero one none hidden more", "line"),
        ("Reshape", "line shape", "kernel"),
    ]
    shape = {"shape": np.array([4, 1, 3, 3])}
    model = network([*nodes, *HEAD], {**weights, **shape, "dense": WEIGHTS["dense"]})
    found = counted(tmp_path, model)
    assert found.parameters == 72 + 8
    assert found.count.statistics == 0


def test_shapes_and_settings_do_not_count(tmp_path):
    nodes = [
        *HEAD[:2],
        ("Reshape", "mean shape", "flat"),
        constant("low", np.float32(0)),
        constant("high", np.float32(6)),
        ("Clip", "flat low high", "row"),
        HEAD[3],
    ]
    found = counted(tmp_path, network(nodes, {**WEIGHTS, "shape": np.array([0, 4])}))
    assert (found.parameters, found.count.settings) == (44, 2)


# ---------------------------------------------------------------- dense in disguise

TAIL = [("GlobalAveragePool", "map", "mean"), ("Flatten", "mean", "logits")]
RULES = {
    "layers": [
        "no dense layer except after global average pooling",
        "no dense layer in disguise",
    ]
}


def statuses(tmp_path, nodes, weights, shape=(1, 8, 8)):
    """Return how a network stands to the two rules about dense layers."""
    path = handed_in(tmp_path / "a.zip", network(nodes, weights, shape))
    return [rule.status for rule in inspect_submission(path, rules=RULES).rules]


def test_a_dense_layer_after_gap_is_allowed(tmp_path):
    assert statuses(tmp_path, HEAD, WEIGHTS) == ["met", "met"]


PRODUCT, DISGUISED = "a dense layer", "in disguise"
CASES = {
    "flatten and Gemm": (
        [("Flatten", "images", "row"), ("Gemm", "row w", "logits")],
        {"w": random(64, 2)},
        PRODUCT,
    ),
    "MatMul": (
        [("Reshape", "images shape", "row"), ("MatMul", "row w", "logits")],
        {"w": random(64, 2), "shape": np.array([0, -1])},
        PRODUCT,
    ),
    "Einsum on the map": (
        [("Einsum", "images w", "logits", {"equation": "nchw,chwk->nk"})],
        {"w": random(1, 8, 8, 2)},
        PRODUCT,
    ),
    "product with the places as channels": (
        [
            ("Reshape", "images shape", "line"),
            ("Conv", "line w", "map"),
            ("Flatten", "map", "logits"),
        ],
        {"w": random(2, 64, 1, 1), "shape": np.array([0, 64, 1, 1])},
        DISGUISED,
    ),
    "kernel as large as the map": (
        [("Conv", "images w", "map"), *TAIL],
        {"w": random(2, 1, 8, 8)},
        DISGUISED,
    ),
    "padded kernel with one place picked": (
        [
            ("Conv", "images w", "big", {"pads": [3, 3, 4, 4]}),
            ("Slice", "big first end axes", "map"),
            *TAIL,
        ],
        {
            "w": random(2, 1, 8, 8),
            "first": np.array([3, 3]),
            "end": np.array([4, 4]),
            "axes": np.array([2, 3]),
        },
        DISGUISED,
    ),
    "one row as a line": (
        [
            ("Reshape", "images shape", "line"),
            ("Conv", "line w", "map"),
            ("Flatten", "map", "logits"),
        ],
        {"w": random(2, 1, 64), "shape": np.array([0, 1, 64])},
        DISGUISED,
    ),
    "a number for every place": (
        [("Mul", "images w", "map"), *TAIL],
        {"w": random(2, 8, 8)},
        DISGUISED,
    ),
    "a weight mixed with the image": (
        [
            ("GlobalAveragePool", "images", "mean"),
            ("Mul", "mean nothing", "zero"),
            ("Reshape", "zero two", "still"),
            ("Add", "w still", "kernel"),
            ("Flatten", "images", "row"),
            ("MatMul", "row kernel", "logits"),
        ],
        {
            "w": random(64, 2),
            "nothing": np.zeros((1, 1, 1, 1), np.float32),
            "two": np.array([1, 1]),
        },
        DISGUISED,
    ),
    "single place": (
        [("MaxPool", "images", "map", {"kernel_shape": [8, 8]}),
         ("Conv", "map w", "wide"), ("Flatten", "wide", "logits")],
        {"w": random(2, 1, 1, 1)},
        PRODUCT,
    ),
}  # fmt: skip


PICKED = "padded kernel with one place picked"


@pytest.mark.parametrize("name", CASES)
def test_a_dense_layer_before_gap_is_found_and_a_picked_place_is_for_a_person(
    tmp_path, name
):
    nodes, weights, expected = CASES[name]
    found = statuses(tmp_path, nodes, weights)[expected == DISGUISED]
    assert found == ("for a person" if name == PICKED else "not met")


def test_a_product_at_every_place_is_a_pointwise_convolution(tmp_path):
    nodes = [
        ("Transpose", "images", "last", {"perm": [0, 2, 3, 1]}),
        ("MatMul", "last w", "wide"),
        ("ReduceMean", "wide axes", "logits", {"keepdims": 0}),
    ]
    weights = {"w": random(1, 4), "axes": np.array([1, 2])}
    path = handed_in(tmp_path / "a.zip", network(nodes, weights))
    found = inspect_submission(path, rules=RULES)
    assert found.passed


def test_gap_by_another_name_is_gap(tmp_path):
    for op, settings in (
        ("AveragePool", {"kernel_shape": [6, 6]}),
        ("GlobalAveragePool", {}),
    ):
        nodes = [HEAD[0], (op, "map", "mean", settings), *HEAD[2:]]
        assert counted(tmp_path, network(nodes, WEIGHTS)).gap


def test_a_gate_is_not_the_pooling_before_the_answer(tmp_path):
    nodes = [
        HEAD[0],
        ("GlobalAveragePool", "map", "gate"),
        ("Mul", "map gate", "gated"),
        ("Flatten", "gated", "row"),
        ("Gemm", "row dense", "logits"),
    ]
    found = counted(tmp_path, network(nodes, {**WEIGHTS, "dense": random(144, 2)}))
    assert not found.gap
    assert [step.kind for step in found.dense] == ["product"]


# ---------------------------------------------------------------- rules and running


def test_rules_are_those_of_a_challenge(tmp_path):
    found = inspect_submission(
        handed_in(tmp_path / "a.zip", honest()),
        rules={
            "title": "mine",
            "parameters_below": 44,
            "receptive_field": 3,
            "map_at_least": 7,
            "channels_at_least": 4,
            "epochs_at_most": 15,
            "multiply_adds_at_most": 1304,
            "layers": ["batch norm", "batch norm after every convolution"],
            "by_eye": ["is it neat?"],
        },
    )
    met = {rule.wanted: rule.met for rule in found.rules}
    assert list(met.values()) == [
        False,
        True,
        False,
        True,
        None,
        True,
        False,
        False,
        None,
    ]
    assert not found.passed


def test_an_unknown_operator_leaves_a_rule_open(tmp_path):
    nodes = [("Det", "images", "d"), ("Gemm", "d w", "logits")]
    model = network(nodes, {"w": random(1, 2)})
    found = inspect_submission(
        handed_in(tmp_path / "a.zip", model), rules={"receptive_field": 3}
    )
    assert found.doubts == (
        "node Det_0, because the operator 'Det' is not on the list",
    )
    assert found.rules[0].met is None
    assert "'Det' is not on the list" in repr(found)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (95, 100, 0.8882, 0.9785),
        (9940, 10_000, 0.9923, 0.9953),
        (10, 10, 0.7225, 1.0),
        (0, 10, 0.0, 0.2775),
    ],
)
def test_the_interval_is_wilsons(right, n, low, high):
    found = predict.Evaluation(right, n, 1.0).interval
    assert found == pytest.approx((low, high), abs=5e-5)


def test_an_accuracy_below_the_limit_says_when_the_interval_holds_it(tmp_path):
    images = np.ones((40, 1, 8, 8), np.float32)
    weights = {"kernel": np.ones((1, 1, 3, 3), np.float32)}
    weights["dense"] = np.array([[0.0, 1.0]], np.float32)  # answers 1 for every image
    labels = np.array([1] * 39 + [0])
    found = inspect_submission(
        handed_in(tmp_path / "a.zip", network(HEAD, weights)),
        images=images,
        labels=labels,
        rules={"test_accuracy": 98},
    )
    assert found.evaluation.accuracy == 39 / 40
    assert found.rules[0].met is False
    assert "contains it: not distinguishable" in found.rules[0].note


def test_answers_that_are_no_numbers_are_wrong(tmp_path):
    weights = {**WEIGHTS, "dense": np.full((4, 2), np.nan, np.float32)}
    images, labels = np.ones((3, 1, 8, 8), np.float32), np.zeros(3, int)
    path = handed_in(tmp_path / "a.zip", network(HEAD, weights))
    found = inspect_submission(path, images=images, labels=labels)
    assert found.evaluation.right == 0


def test_a_network_that_wants_too_much_memory_is_stopped(tmp_path):
    nodes = [
        HEAD[0],
        ("Tile", "map times", "huge"),
        ("ReduceMax", "huge axes", "logits", {"keepdims": 0}),
    ]
    weights = {
        **WEIGHTS,
        "times": np.array([1, 100_000, 1000, 1]),
        "axes": np.array([2, 3]),
    }
    path = handed_in(tmp_path / "a.zip", network(nodes, weights))
    images, labels = np.ones((3, 1, 8, 8), np.float32), np.zeros(3, int)
    with pytest.raises(ValueError, match="could not be run on the images"):
        inspect_submission(path, images=images, labels=labels)


def test_a_network_that_takes_too_long_is_stopped():
    model = honest().SerializeToString()
    with pytest.raises(ValueError, match=r"within 0\.001 seconds"):
        predict.evaluate(
            model,
            np.ones((3, 1, 8, 8), np.float32),
            np.zeros(3, int),
            input_shape=(1, 8, 8),
            normalisation=None,
            seconds=0.001,
        )


def test_epochs_are_only_a_claim_and_the_card_says_so(tmp_path):
    row = {"epoch": 1, "valid_accuracy": 0.999, "seconds": 1.0}
    history = json.dumps({"epochs": [row], "settings": {}}).encode()
    path = packed(tmp_path / "a.zip", sealed(honest().SerializeToString(), history))
    found = inspect_submission(path, rules={"epochs_at_most": 1})
    assert found.remarks[-1].startswith("epochs and history are the file's own word")
    assert found.rules[0].note == "the file's own word"
