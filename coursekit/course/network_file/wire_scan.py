"""Read the first bytes of every field of an ONNX file before anybody parses it.

A parser makes objects of what it reads: 64 MB of empty nodes become 5 GB. So the fields
are counted as they lie on the wire (https://protobuf.dev/programming-guides/encoding),
and only the numbers of a tensor in `raw_data` may be large.

    0a 03 'a' 'b' 'c'     field 1, of 3 bytes: a key (1·8 + 2), a length, the bytes
    08 96 01              field 1, a number: 0x16 + 128·1 = 150
"""

from collections.abc import Iterator

MOST_FIELDS = 300_000
MOST_BYTES = 4 * 2**20  # of everything but raw numbers
MOST_NODES = 8_000
DEEPEST = 12

# Which fields of a message are messages, and of which kind.
NESTED = {
    "model": {7: "graph", 8: "plain", 14: "plain"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value",
              15: "sparse", 16: "plain"},
    "node": {5: "attribute", 9: "plain"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse",
                  23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "plain"},
    "value": {2: "type"},
    "type": {1: "shaped"},
    "shaped": {2: "shape"},
    "shape": {1: "plain"},
}  # fmt: skip
RAW = ("tensor", 9)
FIXED = {1: 8, 5: 4}  # wire type → bytes


def check_wire(data: bytes) -> None:
    """Refuse a file that would become very large, or is no ONNX.

    Args:
        data: the bytes of a model, looked at by nobody yet.

    Raises:
        ValueError: too many fields, nodes or bytes beside raw numbers, or no protobuf.
    """
    counts = {"fields": 0, "nodes": 0, "bytes": 0}
    pending = [("model", 0, len(data), 0)]
    while pending:
        kind, start, end, depth = pending.pop()
        if depth > DEEPEST:
            raise ValueError("model.onnx is nested too deeply")
        for field, first, last in _fields(data, start, end):
            inner = NESTED.get(kind, {}).get(field)
            counts["fields"] += 1
            counts["nodes"] += inner == "node"
            if inner is not None:
                pending.append((inner, first, last, depth + 1))
            elif (kind, field) != RAW:
                counts["bytes"] += last - first
            _check_counts(counts)


def _check_counts(counts: dict[str, int]) -> None:
    if counts["nodes"] > MOST_NODES:
        raise ValueError(f"model.onnx has more than {MOST_NODES:,} operators")
    if counts["fields"] > MOST_FIELDS or counts["bytes"] > MOST_BYTES:
        raise ValueError(
            f"model.onnx holds more than {MOST_FIELDS:,} entries or "
            f"{MOST_BYTES // 2**20} MB beside the raw numbers of its tensors"
        )


def _fields(data: bytes, place: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (number, first byte, end) of the fields of a message."""
    while place < end:
        key, place = _number(data, place, end)
        kind, first = key & 7, place
        if kind == 0:
            _, place = _number(data, place, end)
        elif kind == 2:
            length, first = _number(data, place, end)
            place = first + length
        elif kind in FIXED:
            place += FIXED[kind]
        else:
            place = end + 1
        if place > end:
            raise ValueError("model.onnx is no ONNX file")
        yield key >> 3, first, place


def _number(data: bytes, place: int, end: int) -> tuple[int, int]:
    """Return a number of at most ten bytes, seven bits each, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= end:
            break
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("model.onnx is no ONNX file")
