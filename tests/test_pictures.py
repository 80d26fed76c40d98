"""The README's pictures: small files, rendered from the package."""

import io
from pathlib import Path

import pytest
import torch
from PIL import Image

from coursekit.figures import images
from coursekit.staff.pages import readme_pictures as pictures

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("session", pictures.SESSIONS)
def test_a_kept_picture_is_small_and_stands_in_the_readme(session: str):
    path = pictures.FOLDER / f"{session}.png"
    assert path.stat().st_size <= 40_000
    with Image.open(path) as picture:
        assert picture.width >= 300
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert str(path.relative_to(ROOT)) in readme


def test_a_rendered_picture_is_a_png_of_the_named_session(tmp_path: Path):
    (path,) = pictures.render(tmp_path / "new", ["01"])
    assert path.name == "01.png"
    with Image.open(path) as picture:
        assert picture.format == "PNG"


def test_a_picture_becomes_coarser_until_it_fits(monkeypatch: pytest.MonkeyPatch):
    noise = torch.rand(1, 400, 400, generator=torch.Generator().manual_seed(0))
    figure, widths = images(noise), []
    monkeypatch.setattr(pictures, "LARGEST", 10**7)
    for _ in range(2):
        written = pictures.to_png(figure)
        assert len(written) <= pictures.LARGEST
        widths.append(Image.open(io.BytesIO(written)).width)
        monkeypatch.setattr(pictures, "LARGEST", len(written) - 1)
    assert widths == pytest.approx([*pictures.WIDTHS[:2]], abs=1)


def test_a_picture_that_is_never_small_enough_is_refused(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(pictures, "LARGEST", 10)
    with pytest.raises(ValueError, match="at most 10"):
        pictures.to_png(images([[[0.0, 1.0], [1.0, 0.0]]]))


def test_a_session_without_a_picture_is_refused(tmp_path: Path):
    with pytest.raises(
        ValueError, match=r"`sessions` must be among 00, 01, .*08, map; got '99'"
    ):
        pictures.render(tmp_path, ["99"])


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture):
    assert pictures.main(["99"]) == 1
    assert "`sessions` must be among" in capsys.readouterr().err
