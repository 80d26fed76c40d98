"""A folder of class folders with pictures of every kind, whole and broken."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit.data import ImageSet, folder


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """Keep the cache of a test to itself."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return tmp_path / "home"


def pixels(seed: int, h: int = 6, w: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (h, w, 3), dtype=np.uint8)


def save(path, array, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)


@pytest.fixture
def pets(tmp_path):
    place = tmp_path / "pets"
    for k, name in enumerate(["dog/b.png", "cat/z.png", "cat/a.PNG"]):
        save(place / name, pixels(k))
    return place


def test_folders_are_classes_and_png_pixels_are_kept(pets):
    data = folder(pets)
    assert isinstance(data, ImageSet)
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 0, 1]
    expected = np.stack([pixels(2), pixels(1), pixels(0)]).transpose(0, 3, 1, 2)
    assert np.array_equal(data.images.numpy(), expected)
    assert data.skipped == ()


def test_jpeg_pictures_are_decoded_as_pillow_does(tmp_path):
    save(tmp_path / "p" / "cat" / "1.jpeg", pixels(0, 16, 16), quality=90)
    theirs = np.asarray(Image.open(tmp_path / "p" / "cat" / "1.jpeg"))
    ours = folder(tmp_path / "p").images[0].permute(1, 2, 0).numpy()
    assert np.array_equal(ours, theirs)


def test_broken_files_are_listed_and_the_rest_is_read(pets):
    (pets / "cat" / "empty.png").touch()
    (pets / "cat" / "page.jpg").write_text("<html>")
    whole = (pets / "cat" / "z.png").read_bytes()
    (pets / "dog" / "half.png").write_bytes(whole[: len(whole) // 2])
    (pets / "dog" / "notes.txt").write_text("no picture")
    with pytest.warns(UserWarning, match=r"4 of 7 files .* left out: cat/empty\.png"):
        data = folder(pets)
    assert len(data) == 3
    assert [line.split(": ")[0] for line in data.skipped] == [
        "cat/empty.png",
        "cat/page.jpg",
        "dog/half.png",
        "dog/notes.txt",
    ]
    assert "4 files left out" in repr(data)


def test_pictures_of_every_mode_become_three_channels_or_one(tmp_path):
    place = tmp_path / "p"
    colour = pixels(0)
    save(place / "a" / "grey.png", colour[:, :, 0])
    rgba = np.dstack([colour, np.full((6, 8), 255, np.uint8)])
    save(place / "a" / "rgba.png", rgba)
    palette = Image.fromarray(colour).quantize(16)
    palette.save(place / "a" / "palette.png")
    data = folder(place)
    assert np.array_equal(data.images[0, 1].numpy(), colour[:, :, 0])
    assert np.array_equal(data.images[2].permute(1, 2, 0).numpy(), colour)
    assert folder(place, channels=1).images.shape == (3, 1, 6, 8)


def test_sixteen_bit_pictures_are_left_out_rather_than_clipped(pets):
    deep = (pixels(0)[:, :, 0].astype(np.uint16) * 256).astype(np.uint16)
    Image.fromarray(deep).save(pets / "cat" / "deep.png")
    with pytest.warns(UserWarning, match="left out: cat/deep"):
        data = folder(pets)
    assert "more than 8 bits" in data.skipped[0]


def test_a_phones_sideways_picture_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    save(tmp_path / "p" / "a" / "1.png", pixels(0), exif=exif)
    upright = np.rot90(pixels(0), -1)
    ours = folder(tmp_path / "p").images[0].permute(1, 2, 0).numpy()
    assert np.array_equal(ours, upright)


def test_several_sizes_need_a_size(pets):
    save(pets / "cat" / "large.png", pixels(5, 20, 10))
    with pytest.raises(ValueError, match=r"`size` must be given .*6×8 to 20×10"):
        folder(pets)
    assert folder(pets, size=5).images.shape == (4, 3, 5, 5)


def test_a_size_takes_the_middle_square(tmp_path):
    array = np.zeros((4, 8, 3), np.uint8)
    array[:, 2:6] = 200
    save(tmp_path / "p" / "a" / "1.png", array)
    assert folder(tmp_path / "p", size=4).images.unique().tolist() == [200]


def test_parts_are_read_by_name(tmp_path):
    save(tmp_path / "p" / "train" / "cat" / "1.png", pixels(0))
    save(tmp_path / "p" / "test" / "cat" / "1.png", pixels(1))
    data = folder(tmp_path / "p", part="test")
    assert np.array_equal(data.images[0].permute(1, 2, 0).numpy(), pixels(1))
    with pytest.raises(ValueError, match="`part` must be one of test, train"):
        folder(tmp_path / "p")
    with pytest.raises(ValueError, match="`part` must be one of 'test', 'train'"):
        folder(tmp_path / "p", part="valid")


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz"])
def test_an_archive_is_read_like_the_folder(pets, ending):
    archive = pets.with_name(f"pets{ending}")
    with tarfile.open(archive, "w:gz" if "g" in ending else "w") as packed:
        packed.add(pets, "pets")
    data, same = folder(archive), folder(pets)
    assert torch.equal(data.images, same.images)
    assert torch.equal(data.labels, same.labels)
    assert data.classes == same.classes


def test_hidden_files_and_folders_are_no_pictures(pets):
    save(pets / ".thumbnails" / "1.png", pixels(0))
    (pets / "cat" / "._a.png").write_bytes(b"resource fork")
    assert len(folder(pets)) == 3


def test_the_decoded_set_is_kept_as_one_file_and_used(pets, home, monkeypatch):
    first = folder(pets)
    assert len(list(home.rglob("*.pt"))) == 1
    monkeypatch.setattr("coursekit.data.class_folders.decode", None)
    again = folder(pets)
    assert torch.equal(again.images, first.images)
    assert (again.classes, again.skipped) == (first.classes, first.skipped)


def test_a_changed_file_is_read_anew(pets):
    folder(pets)
    save(pets / "dog" / "b.png", pixels(9))
    data = folder(pets)
    assert np.array_equal(data.images[2].permute(1, 2, 0).numpy(), pixels(9))


def test_a_damaged_cache_is_read_anew(pets, home):
    first = folder(pets)
    (kept,) = home.rglob("*.pt")
    kept.write_bytes(kept.read_bytes()[:100])
    assert torch.equal(folder(pets).images, first.images)


def test_without_a_place_for_the_cache_the_pictures_are_read(pets, home):
    home.write_text("a file where the folder should be")
    assert len(folder(pets)) == 3


def test_nothing_is_kept_when_asked_not_to(pets, home):
    folder(pets, cache=False)
    assert not home.exists()


@pytest.mark.parametrize("path", ["no/such/place", None, 3])
def test_a_missing_folder_is_refused(path):
    with pytest.raises(ValueError, match=r"^`path` must"):
        folder(path)


def test_a_folder_without_class_folders_is_refused(tmp_path):
    save(tmp_path / "p" / "1.png", pixels(0))
    with pytest.raises(ValueError, match=r"such as cat/1\.jpg; found none"):
        folder(tmp_path / "p")


def test_a_folder_of_broken_pictures_only_is_refused(tmp_path):
    (tmp_path / "p" / "a").mkdir(parents=True)
    (tmp_path / "p" / "a" / "1.png").touch()
    with pytest.raises(ValueError, match="must hold readable pictures"):
        folder(tmp_path / "p")


def test_a_damaged_archive_is_refused(pets):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        packed.add(pets, "pets")
    broken = pets.with_name("broken.tar.gz")
    broken.write_bytes(buffer.getvalue()[:300])
    with pytest.raises(ValueError, match="must be a whole archive"):
        folder(broken)


@pytest.mark.parametrize(
    ("name", "value"), [("size", 0), ("size", 2.5), ("channels", 2), ("channels", 4)]
)
def test_folder_refuses_bad_options_by_name(pets, name, value):
    with pytest.raises(ValueError, match=f"^`{name}` must be"):
        folder(pets, **{name: value})


def planted(place, *names):
    """Save one small picture under each name."""
    kinds = {".jfif": "JPEG", ".JPG": "JPEG"}
    for k, name in enumerate(names):
        file = place / name
        save(file, pixels(k), format=kinds.get(file.suffix))
    return place


def counted(data):
    """Return class → pictures."""
    return {name: int((data.labels == k).sum()) for k, name in enumerate(data.classes)}


PARTS = [
    (("Training/a/1.png", "Testing/a/2.png"), "train", "Training", "test"),
    (("Train/a/1.png", "Test/a/2.png"), "Train", "Train", "test"),
    (("TRAIN/a/1.png", "VAL/a/2.png"), "train", "TRAIN", "valid"),
    (("train2017/a/1.png", "val2017/a/2.png"), "train", "train2017", "val"),
    (("training_set/a/1.png", "test_set/a/2.png"), "train", "training_set", "test"),
    (("train/a/1.png", "validation/a/2.png"), "train", "train", "valid"),
    (("train/a/1.png", "eval/a/2.png"), "train", "train", "valid"),
    (("train/train/a/1.png", "test/test/a/2.png"), "train", "train", "test"),
    (("seg_train/a/1.png", "seg_test/a/2.png"), "train", "seg_train", "test"),
    (("x/y/train/a/1.png", "x/y/dev/a/2.png"), "train", "train", "dev"),
    (("train/a/1.png", "test/a/2.png", "more/3.png"), "train", "train", "test"),
]


@pytest.mark.parametrize(("names", "kind", "own", "other"), PARTS)
def test_parts_are_told_apart_whatever_they_are_called(
    tmp_path, names, kind, own, other
):
    place = planted(tmp_path / "p", *names)
    for part in (kind, own):
        data = folder(place, part=part)
        assert counted(data) == {"a": 1}
        assert np.array_equal(data.images[0].permute(1, 2, 0).numpy(), pixels(0))
    second = folder(place, part=other).images[0]
    assert np.array_equal(second.permute(1, 2, 0).numpy(), pixels(1))
    with pytest.raises(ValueError, match=f"`part` must be one of .*{own}.*; got None"):
        folder(place)


@pytest.mark.parametrize(
    ("names", "part", "reason"),
    [
        (("train/1.png", "test1/2.png"), None, "one of test1, train, for"),
        (("train/1.png", "test1/2.png"), "train", "such as cat/1.jpg; found none in"),
        (("train/a/1.png", "test/2.png"), "test", "found none in .*, part test"),
        (("a/train/1.png", "a/test/2.png", "b/train/3.png"), None, "above the class"),
        (("train/a/1.png", "train/val/a/2.png"), "train", "above the class folders"),
        (("a/1.png",), "train", "`part` must be None, for .* has no parts"),
        (("val/a/1.png", "eval/a/1.png"), "valid", "one of 'eval', 'val'; got 'valid'"),
    ],
)
def test_pictures_of_two_parts_are_never_mixed(tmp_path, names, part, reason):
    with pytest.raises(ValueError, match=reason):
        folder(planted(tmp_path / "p", *names), part=part)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("cat/1.png", "cat/siamese/2.png", "dog/3.png"), {"cat": 2, "dog": 1}),
        (("cat/1.png", "cat/siamese/2.png"), {"cat": 2}),
        (("cat/a/b/1.png", "dog/poodle/2.png"), {"cat": 1, "dog": 1}),
    ],
)
def test_deeper_folders_belong_to_their_class_and_it_is_said(tmp_path, names, expected):
    place = planted(tmp_path / "p", *names)
    for _ in range(2):  # read, and from the cache
        with pytest.warns(UserWarning, match=r"the class is the folder .* class cat$"):
            assert counted(folder(place)) == expected


def test_a_class_may_be_called_test_and_wrappers_do_not_count(tmp_path):
    place = planted(
        tmp_path / "p", "x/y/quiz/1.png", "x/y/exam/2.png", "x/y/test/3.png"
    )
    assert folder(place).classes == ("exam", "quiz", "test")


def test_every_usual_format_is_read(tmp_path):
    names = [
        f"cat/{k}" for k in ("1.webp", "2.bmp", "3.jfif", "4.gif", "5.tif", "6.JPG")
    ]
    place = planted(tmp_path / "p", *names)
    data = folder(place)
    assert counted(data) == {"cat": 6}
    for image, name in zip(data.images, names, strict=True):
        with Image.open(place / name) as theirs:
            expected = np.asarray(theirs.convert("RGB"))
        assert np.array_equal(image.permute(1, 2, 0).numpy(), expected)


def test_whatever_is_left_out_is_named(tmp_path):
    place = planted(tmp_path / "p", "0.png", "cat/1.png", "dog/2.png")
    (place / "dog" / "3.heic").write_bytes(b"ftypheic")
    (place / "cat" / "gone.png").symlink_to(tmp_path / "nowhere")
    (place / "cat" / "round").symlink_to(place)
    (place / "bird").mkdir()
    (place / "cat" / "Thumbs.db").touch()
    with pytest.warns(UserWarning, match="5 of 7 files .* are left out: 0.png, bird"):
        data = folder(place)
    assert [line.partition(":")[0] for line in data.skipped] == [
        "0.png",
        "bird",
        "cat/gone.png",
        "cat/round",
        "dog/3.heic",
    ]
    assert data.classes == ("cat", "dog")


def test_a_linked_class_folder_is_read(tmp_path):
    place = planted(tmp_path / "p", "cat/1.png")
    (place / "dog").symlink_to(planted(tmp_path / "q", "x/1.png", "x/2.png") / "x")
    assert counted(folder(place)) == {"cat": 1, "dog": 2}


@pytest.mark.parametrize("name", ["猫" * 80, "c" * 250])
def test_a_folder_with_a_long_name_is_read_and_kept(tmp_path, name, home):
    place = planted(tmp_path / name, f"{name}/1.png")
    assert folder(place).classes == (name,)
    assert len(list(home.rglob("*.pt"))) == 1


def test_names_that_steer_a_terminal_are_shown_without_it(tmp_path):
    place = planted(tmp_path / "p", "cat/1.png")
    (place / "cat" / "\x1b[31mred.png").touch()
    with pytest.warns(UserWarning, match=r"left out: cat/\?\[31mred\.png"):
        folder(place)
