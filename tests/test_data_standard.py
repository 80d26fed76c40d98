"""MNIST, Fashion-MNIST and CIFAR-10: as they lie, downloaded, damaged, missing."""

import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from coursekit.data import (
    DownloadError,
    catalogue,
    cifar10,
    digits,
    fashion_mnist,
    mnist,
)
from coursekit.data.download import Patience
from coursekit.data.formats import read_cifar_batch, read_idx
from coursekit.data.storage_folder import data_folder
from coursekit.data.store import get, is_complete, verify
from coursekit.setup.data_command import main
from tests.misbehaving_server import Server, good, half, missing

REAL = Path(os.environ.get("COURSEKIT_DATA", "."))
needs_mnist = pytest.mark.skipif(
    not (REAL / "MNIST" / "raw" / "train-images-idx3-ubyte").exists(),
    reason="COURSEKIT_DATA has no MNIST",
)
needs_cifar = pytest.mark.skipif(
    not (REAL / "cifar10-jpeg.tar.gz").exists(),
    reason="COURSEKIT_DATA has no JPEG copy of CIFAR-10",
)


@pytest.fixture(autouse=True)
def own_home(monkeypatch, tmp_path):
    """Keep caches and downloads of a test to itself."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def idx_files(n: int = 40, seed: int = 0) -> dict[str, bytes]:
    random = np.random.default_rng(seed)
    files = {}
    for part, count in (("train", n), ("t10k", n // 2)):
        pixels = random.integers(0, 256, (count, 28, 28))
        files[f"{part}-images-idx3-ubyte"] = idx(pixels)
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(count) % 10)
    return files


def python2_pickle(data: np.ndarray, labels: list[int]) -> bytes:
    """Write what Python 2's cPickle, protocol 2, wrote for a CIFAR-10 batch."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    def whole(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    raw = data.astype(np.uint8).tobytes()
    dtype = (
        b"cnumpy\ndtype\n("
        + text(b"u1")
        + whole(0)
        + whole(1)
        + b"tR("
        + whole(3)
        + text(b"|")
        + b"NNN"
        + whole(-1)
        + whole(-1)
        + whole(0)
        + b"tb"
    )
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n("
        + whole(0)
        + b"t"
        + text(b"b")
        + b"tR("
        + whole(1)
        + b"("
        + whole(data.shape[0])
        + whole(data.shape[1])
        + b"t"
        + dtype
        + b"\x89T"
        + struct.pack("<i", len(raw))
        + raw
        + b"tb"
    )
    listed = b"](" + b"".join(whole(label) for label in labels) + b"e"
    return (
        b"\x80\x02}("
        + text(b"batch_label")
        + text(b"training batch 1 of 5")
        + text(b"labels")
        + listed
        + text(b"data")
        + array
        + b"u."
    )


def cifar_files(n: int = 20) -> dict[str, bytes]:
    names = [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]
    files = {}
    for k, name in enumerate(names):
        pixels = np.random.default_rng(k).integers(0, 256, (n, 3072))
        files[name] = python2_pickle(pixels, [label % 10 for label in range(n)])
    return files | {"batches.meta": b"names"}


def lay(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


# ---- as they lie


@pytest.mark.parametrize(
    ("load", "place"), [(mnist, "MNIST/raw"), (fashion_mnist, "FashionMNIST/raw")]
)
@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_are_used_as_they_lie(tmp_path, load, place, packed):
    files = idx_files()
    lying = {f"{k}.gz": gzip.compress(v) for k, v in files.items()} if packed else files
    lay(tmp_path / place, lying)
    parts = load(tmp_path, valid=10, download=False)
    assert [len(part) for part in vars(parts).values()] == [30, 10, 20]
    pixels = np.frombuffer(files["t10k-images-idx3-ubyte"], np.uint8, offset=16)
    assert np.array_equal(parts.test.images.numpy().ravel(), pixels)
    assert parts.test.labels.tolist() == [k % 10 for k in range(20)]


def test_cifar_batches_are_used_as_they_lie(tmp_path):
    files = cifar_files()
    lay(tmp_path / "cifar-10-batches-py", files)
    parts = cifar10(tmp_path, valid=0, download=False)
    assert [len(part) for part in vars(parts).values()] == [100, 0, 20]
    theirs = [
        pickle.load(io.BytesIO(files[f"data_batch_{k}"]), encoding="latin1")["data"]
        for k in range(1, 6)
    ]
    expected = np.concatenate(theirs).reshape(-1, 3, 32, 32)
    assert np.array_equal(parts.train.images.numpy(), expected)
    assert parts.train.labels.tolist() == [k % 10 for k in range(20)] * 5
    assert parts.train.classes[8] == "ship"


def test_the_validation_part_is_a_stratified_and_seeded_part_of_training(tmp_path):
    lay(tmp_path / "MNIST" / "raw", idx_files(200))
    whole = mnist(tmp_path, valid=0, download=False).train
    one, same = (mnist(tmp_path, valid=50, seed=3, download=False) for _ in range(2))
    assert torch.equal(one.valid.images, same.valid.images)
    assert torch.bincount(one.valid.labels).tolist() == [5] * 10
    both = torch.cat([one.train.images, one.valid.images]).flatten(1).tolist()
    assert sorted(both) == sorted(whole.images.flatten(1).tolist())


@needs_mnist
def test_real_mnist_is_what_torchvision_reads():
    from torchvision.datasets import MNIST

    parts = mnist(REAL, valid=0, download=False)
    for ours, train in ((parts.train, True), (parts.test, False)):
        theirs = MNIST(REAL, train=train, download=False)
        assert torch.equal(ours.images[:, 0], theirs.data)
        assert torch.equal(ours.labels, theirs.targets)


@needs_mnist
def test_real_mnist_has_its_published_sums():
    assert {finding.state for finding in verify("mnist", REAL)} == {"right"}


@needs_cifar
def test_the_jpeg_copy_of_cifar10_says_what_it_is():
    from coursekit.data import folder

    test = folder(REAL / "cifar10-jpeg.tar.gz", part="test")
    assert test.images.shape == (10_000, 3, 32, 32)
    assert torch.bincount(test.labels).tolist() == [1000] * 10
    assert test.skipped == ()


def test_a_jpeg_copy_of_cifar10_is_used_where_only_that_lies(tmp_path):
    from PIL import Image

    from coursekit.data.catalogue import entry

    with tarfile.open(tmp_path / "cifar10-jpeg.tar.gz", "w:gz") as archive:
        for part in ("train", "test"):
            for k, name in enumerate(entry("cifar10").classes):
                content = io.BytesIO()
                Image.new("RGB", (32, 32), (20 * k, 0, 0)).save(content, "JPEG")
                member = tarfile.TarInfo(f"{part}/{name}/0001.jpg")
                member.size = content.tell()
                content.seek(0)
                archive.addfile(member, content)
    parts = cifar10(tmp_path, valid=0, download=False)
    assert parts.train.name == "CIFAR-10 (JPEG copy)"
    assert "JPEG" in parts.test.source
    assert parts.train.labels.tolist() == list(range(10))
    assert parts.train.images[9, 0].float().mean() == pytest.approx(180, abs=3)


# ---- damaged and missing


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an IDX file"),
        (b"<html>", "is not an IDX file"),
        (idx(np.zeros((2, 3)))[:-1], "must hold 6 values but holds 5"),
        (idx(np.zeros((2, 3))) + b"x", "must hold 6 values but holds 7"),
        (bytes([0, 0, 8, 3, 0]), "is cut short"),
    ],
)
def test_a_damaged_idx_file_is_named_in_a_sentence(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=f"file {message}.*delete it"):
        read_idx(tmp_path / "file")


def test_a_damaged_gzip_file_is_named_in_a_sentence(tmp_path):
    (tmp_path / "file.gz").write_bytes(gzip.compress(b"abc" * 1000)[:20])
    with pytest.raises(ValueError, match="not a whole gzip file"):
        read_idx(tmp_path / "file.gz")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"rubbish",
        pickle.dumps({"labels": [1]}),
        pickle.dumps([1, 2]),
        pickle.dumps({"data": np.zeros((2, 7), np.uint8), "labels": [0, 1]}),
        python2_pickle(np.zeros((2, 3072)), [0, 1])[:-500],
        python2_pickle(np.zeros((2, 3072)), [0, 1, 2]),
    ],
)
def test_a_damaged_cifar_batch_is_named_in_a_sentence(tmp_path, content):
    (tmp_path / "data_batch_1").write_bytes(content)
    with pytest.raises(ValueError, match=r"data_batch_1 .*delete it"):
        read_cifar_batch(tmp_path / "data_batch_1")


def test_a_forged_cifar_batch_runs_no_code(tmp_path):
    class Attack:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "attacked"),))

    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(Attack()))
    with pytest.raises(ValueError, match="it asks for"):
        read_cifar_batch(tmp_path / "data_batch_1")
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize(
    ("load", "instead"),
    [(mnist, r"digits\(28\)"), (fashion_mnist, r"digits\(28\)"), (cifar10, "shapes")],
)
def test_without_files_and_download_the_embedded_set_is_named(tmp_path, load, instead):
    with pytest.raises(FileNotFoundError, match=rf"use coursekit\.data\.{instead}"):
        load(tmp_path, download=False)


def test_pictures_without_their_labels_are_refused(tmp_path):
    files = idx_files() | {"train-labels-idx1-ubyte": idx(np.zeros(39))}
    lay(tmp_path / "MNIST" / "raw", files)
    with pytest.raises(ValueError, match="one label for each"):
        mnist(tmp_path, valid=0, download=False)


@pytest.mark.parametrize("valid", [-1, 40, 2.5])
def test_a_validation_part_must_leave_something_to_learn_from(tmp_path, valid):
    lay(tmp_path / "MNIST" / "raw", idx_files())
    with pytest.raises(ValueError, match="`valid` must be 0 to 39"):
        mnist(tmp_path, valid=valid, download=False)


def test_the_data_folder_is_argument_then_environment_then_the_courses(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    assert data_folder("here") == Path("here")
    assert data_folder() == tmp_path
    monkeypatch.delenv("COURSEKIT_DATA")
    assert data_folder().name in ("data", "coursekit")


def test_a_data_folder_that_is_a_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="`root` must be a folder"):
        data_folder(tmp_path / "file")
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path / "file"))
    with pytest.raises(ValueError, match="COURSEKIT_DATA must be a folder"):
        mnist()


# ---- downloaded and unpacked


def publish(monkeypatch, name: str, files: dict[str, bytes], url: str) -> bytes:
    """Put a small set in the place of a real one; return the archive to serve."""
    real = catalogue.SETS[name]
    if name == "cifar10":
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for file, content in files.items():
                member = tarfile.TarInfo(f"cifar-10-batches-py/{file}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            intruder = tarfile.TarInfo("../../intruder")
            archive.addfile(intruder, io.BytesIO())
        blob = buffer.getvalue()
        archives = (replace(real.archives[0], size=len(blob)),)
    else:
        file, content = next(iter(files.items()))
        blob = gzip.compress(content)
        archives = (replace(real.archives[0], name=f"{file}.gz", size=len(blob)),)
    archives = tuple(
        replace(each, sha256=hashlib.sha256(blob).hexdigest(), urls=(url,))
        for each in archives
    )
    sums = {file: hashlib.md5(content).hexdigest() for file, content in files.items()}
    new = replace(real, archives=archives, sums=sums)
    monkeypatch.setitem(catalogue.SETS, name, new)
    return blob


def test_cifar_is_downloaded_unpacked_and_verified(tmp_path, monkeypatch):
    with Server.running(b"", half, good) as source:
        source.content = publish(monkeypatch, "cifar10", cifar_files(), source.url)
        parts = cifar10(tmp_path / "a", valid=0, progress=False)
    assert len(parts.train) == 100
    assert {each.state for each in verify("cifar10", tmp_path / "a")} == {"right"}
    lying = {path.name for path in (tmp_path / "a").rglob("*") if path.is_file()}
    shown = {name for name in lying if not name.startswith(".")}
    assert shown == set(cifar_files())
    assert not (tmp_path / "intruder").exists()


def test_a_packed_file_is_downloaded_and_unpacked(tmp_path, monkeypatch):
    files = {"train-labels-idx1-ubyte": idx(np.arange(10))}
    with Server.running(b"", good) as source:
        source.content = publish(monkeypatch, "mnist", files, source.url)
        folder = get("mnist", tmp_path, progress=False)
    assert read_idx(folder / "train-labels-idx1-ubyte").tolist() == list(range(10))
    assert is_complete("mnist", tmp_path)
    assert [each.state for each in verify("mnist", tmp_path)] == ["right"]


def test_what_lies_there_is_not_downloaded_again(tmp_path, monkeypatch):
    files = {"train-labels-idx1-ubyte": idx(np.arange(10))}
    with Server.running(b"", good) as source:
        source.content = publish(monkeypatch, "mnist", files, source.url)
        get("mnist", tmp_path, progress=False)
        get("mnist", tmp_path, progress=False)
    assert source.ranges == [None]


def test_without_a_network_the_embedded_set_is_named(tmp_path, monkeypatch):
    with Server.running(b"", missing) as source:
        publish(monkeypatch, "mnist", {"file": b"x"}, source.url)
        with pytest.raises(DownloadError, match=r"404.*use coursekit\.data\.digits"):
            mnist(tmp_path, progress=False)
    assert len(digits()) == 1797


def test_a_folder_that_cannot_be_written_is_a_sentence_with_the_remedy(tmp_path):
    (tmp_path / "MNIST").touch()
    with pytest.raises(OSError, match=r"cannot write to .*set COURSEKIT_DATA"):
        get("mnist", tmp_path, progress=False, patience=Patience(timeout=0.1))


def test_verify_finds_wrong_and_missing_files(tmp_path):
    files = idx_files()
    del files["t10k-labels-idx1-ubyte"]
    lay(tmp_path / "MNIST" / "raw", files)
    states = {each.file: each.state for each in verify("mnist", tmp_path)}
    assert states["t10k-labels-idx1-ubyte"] == "missing"
    assert states["train-labels-idx1-ubyte"] == "wrong"


@pytest.mark.parametrize("name", ["imagenet", "", None, "MNIST"])
def test_an_unknown_set_is_refused_with_the_known_ones(name):
    with pytest.raises(ValueError, match="`name` must be one of 'mnist', 'fashion"):
        get(name)


# ---- the command


def test_list_names_every_set_and_the_folder(tmp_path, capsys):
    lay(tmp_path / "MNIST" / "raw", idx_files())
    assert main(["list", "--root", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = {line.split()[0]: line for line in lines}
    assert {"digits", "photos", "shapes", "cifar10", "fashion-mnist"} <= set(shown)
    assert " here " in shown["mnist"]
    assert "170 MB to get" in shown["cifar10"]
    assert lines[-1] == f"data folder: {tmp_path}"


def test_get_downloads_from_the_mirror_asked_for(tmp_path, monkeypatch, capsys):
    files = {"train-labels-idx1-ubyte": idx(np.arange(10))}
    with Server.running(b"", good) as source:
        source.content = publish(monkeypatch, "mnist", files, "http://nowhere.invalid/")
        mirror = source.url.removesuffix("file.bin")
        arguments = ["get", "mnist", "--root", str(tmp_path), "--mirror", mirror]
        assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out == f"mnist: in {tmp_path / 'MNIST' / 'raw'}\n"
    assert "train-labels-idx1-ubyte.gz: 100 %" in captured.err


def test_get_refuses_an_unknown_set_before_downloading(tmp_path):
    with pytest.raises(ValueError, match="`name` must be one of"):
        main(["get", "imagenet", "--root", str(tmp_path)])


def test_verify_fails_where_a_file_is_wrong(tmp_path, capsys):
    lay(tmp_path / "MNIST" / "raw", idx_files())
    assert main(["verify", "mnist", "--root", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "mnist: train-images-idx3-ubyte: wrong" in captured.out
    assert captured.err.count("\n") == 1
    assert "delete what is wrong, then run `coursekit data get mnist`" in captured.err


def test_verify_without_names_looks_at_what_lies_there(tmp_path, capsys):
    assert main(["verify", "--root", str(tmp_path)]) == 0
    assert "no downloaded set" in capsys.readouterr().out


def test_help_shows_an_example(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["get", "--help"])
    assert caught.value.code == 0
    assert "example: coursekit data get mnist" in capsys.readouterr().out
