"""Tiny ImageNet as its archive unpacks, made small and read back."""

import hashlib
import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from coursekit.data import catalogue, folder, tiny_imagenet
from coursekit.data.store import is_complete, verify
from tests.misbehaving_server import Server, good

IDS = ("n01443537", "n01629819", "n02123045")
WORDS = {
    "n01443537": "goldfish, Carassius auratus",
    "n01629819": "European fire salamander",
    "n02123045": "goldfish",
    "n99999999": "not among the classes",
}


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """Keep the cache of a test to itself."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))


def jpeg(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def decoded(blob):
    return np.asarray(Image.open(io.BytesIO(blob))).transpose(2, 0, 1)


def files():
    """Return path → content: three classes, four pictures each, two to judge by."""
    found, notes, seed = {}, [], 0
    for one in IDS:
        for k in range(4):
            found[f"train/{one}/images/{one}_{k}.JPEG"] = jpeg(seed := seed + 1)
        found[f"train/{one}/{one}_boxes.txt"] = b"0\t0\t62\t62\n"
    for k in range(6):
        found[f"val/images/val_{k}.JPEG"] = jpeg(seed := seed + 1)
        notes.append(f"val_{k}.JPEG\t{IDS[(k + 1) % 3]}\t0\t32\t44\t62\n")
    found["val/val_annotations.txt"] = "".join(notes).encode()
    found["test/images/test_0.JPEG"] = jpeg(99)
    found["wnids.txt"] = "\n".join(reversed(IDS)).encode()
    words = "".join(f"{one}\t{text}\n" for one, text in WORDS.items())
    found["words.txt"] = words.encode()
    return found


def unpacked(place, content):
    for name, blob in content.items():
        path = place / "tiny-imagenet-200" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob)


def packed(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.mkdir("tiny-imagenet-200")
        for name, blob in content.items():
            archive.writestr(f"tiny-imagenet-200/{name}", blob)
    return buffer.getvalue()


def lie(place, content, how):
    if how == "unpacked":
        unpacked(place, content)
    else:
        inside = place / "tiny-imagenet-200" if how == "zip inside" else place
        inside.mkdir(parents=True, exist_ok=True)
        (inside / "tiny-imagenet-200.zip").write_bytes(packed(content))


@pytest.mark.parametrize("how", ["unpacked", "zip beside", "zip inside"])
def test_it_is_read_as_it_lies(tmp_path, how):
    content = files()
    lie(tmp_path, content, how)
    parts = tiny_imagenet(tmp_path, valid=3, download=False)
    assert (len(parts.train), len(parts.valid), len(parts.test)) == (9, 3, 6)
    assert parts.test.classes == parts.train.classes
    assert parts.train.classes == (
        "goldfish (n01443537)",
        "European fire salamander",
        "goldfish (n02123045)",
    )
    labels = [[0, 1, 2].index((k + 1) % 3) for k in range(6)]
    order = np.argsort(labels, kind="stable")
    assert parts.test.labels.tolist() == [labels[k] for k in order]
    for image, k in zip(parts.test.images, order, strict=True):
        expected = decoded(content[f"val/images/val_{k}.JPEG"])
        assert np.array_equal(image.numpy(), expected)
    whole = tiny_imagenet(tmp_path, valid=0, download=False).train
    assert whole.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    first = decoded(content[f"train/{IDS[1]}/images/{IDS[1]}_0.JPEG"])
    assert np.array_equal(whole.images[4].numpy(), first)
    assert "Tiny ImageNet" in repr(whole)


def test_it_is_downloaded_and_stays_packed(tmp_path, monkeypatch):
    blob = packed(files())
    with Server.running(blob, good) as source:
        real = catalogue.SETS["tiny-imagenet"]
        archive = replace(
            real.archives[0],
            size=len(blob),
            sha256=hashlib.sha256(blob).hexdigest(),
            urls=(source.url,),
        )
        new = replace(real, archives=(archive,))
        monkeypatch.setitem(catalogue.SETS, "tiny-imagenet", new)
        assert len(tiny_imagenet(tmp_path, valid=0, progress=False).train) == 12
        assert len(tiny_imagenet(tmp_path, valid=0, progress=False).train) == 12
    assert source.ranges == [None]  # once
    assert is_complete("tiny-imagenet", tmp_path)
    assert [each.state for each in verify("tiny-imagenet", tmp_path)] == ["right"]


def test_without_files_and_download_the_twin_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Tiny ImageNet is not in .*shapes\("):
        tiny_imagenet(tmp_path, download=False)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("words.txt", "must hold words.txt"),
        ("val/val_annotations.txt", "must hold val/val_annotations.txt"),
        ("val/images", "must hold pictures such as val/"),
    ],
)
def test_what_is_missing_is_named(tmp_path, missing, sentence):
    content = {n: b for n, b in files().items() if not n.startswith(missing)}
    unpacked(tmp_path, content)
    with pytest.raises(ValueError, match=sentence):
        tiny_imagenet(tmp_path, valid=0, download=False)


def test_a_damaged_picture_is_named(tmp_path):
    content = files()
    content["val/images/val_4.JPEG"] = b"<html>"
    unpacked(tmp_path, content)
    with pytest.raises(
        ValueError, match=r"1 damaged picture, such as val/images/val_4"
    ):
        tiny_imagenet(tmp_path, valid=0, download=False)


def test_a_picture_without_a_class_is_named(tmp_path):
    content = files()
    lines = content["val/val_annotations.txt"].splitlines(keepends=True)
    content["val/val_annotations.txt"] = b"".join(lines[:-1])
    unpacked(tmp_path, content)
    with pytest.raises(ValueError, match=r"val_5.JPEG.*val_annotations"):
        tiny_imagenet(tmp_path, valid=0, download=False)


def test_a_zip_of_class_folders_is_read_like_the_folder(tmp_path):
    content = {
        f"{c}/{k}.JPEG": jpeg(10 * k + j) for j, c in enumerate("ab") for k in (1, 2)
    }
    archive = tmp_path / "pets.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for name, blob in content.items():
            target.writestr(name, blob)
    data = folder(archive)
    assert data.classes == ("a", "b")
    assert np.array_equal(data.images[2].numpy(), decoded(content["b/1.JPEG"]))


def test_a_zip_cut_short_is_one_sentence(tmp_path):
    (tmp_path / "pets.zip").write_bytes(packed(files())[:1000])
    with pytest.raises(ValueError, match="`path` must be a whole archive"):
        folder(tmp_path / "pets.zip")
