"""What a hand-in file says about itself: read with care, believed nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from coursekit._base.words import shown
from coursekit.course.network_file.layout import FORMAT, MANIFEST

LONGEST = 200  # characters of a text
MOST_ROWS = 100_000
LARGEST = 1e9  # of a mean or a deviation


@dataclass(frozen=True)
class Claims:
    """The manifest's and the history's own words.

    Args:
        challenge, name, written: texts; "" where missing.
        versions: package → version.
        parameters: None where missing.
        parameter_names: which tensors were parameters in torch.
        epochs: rows of the history; None without one.
        valid_accuracies: of the history's rows, 0 to 1; None where missing.
        seconds: of all its rows; None without one.
        normalisation: {"mean": …, "std": …}, None for images from 0 to 1.
    """

    challenge: str
    name: str
    written: str
    versions: Mapping[str, str]
    parameters: int | None
    parameter_names: tuple[str, ...]
    epochs: int | None
    valid_accuracies: tuple[float | None, ...]
    seconds: float | None
    normalisation: Mapping[str, list[float]] | None


def read_claims(manifest: Mapping, history: Mapping, channels: int) -> Claims:
    """Return the claims, each of the type it should have.

    Args:
        manifest, history: plain JSON objects.
        channels: of the network's images.

    Raises:
        ValueError: another format, or a value of the wrong kind; the sentence names it.
    """
    if manifest.get("format") != FORMAT:
        raise ValueError(
            f"{MANIFEST} has format {shown(repr(manifest.get('format')), 40)[1:-1]}; "
            f"this version reads format {FORMAT}"
        )
    rows = history.get("epochs", [])
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise ValueError(f"history.json must list at most {MOST_ROWS:,} epochs")
    names = manifest.get("parameter_names", [])
    if not isinstance(names, list):
        raise ValueError(f"`parameter_names` in {MANIFEST} must be a list")
    versions = manifest.get("versions")
    return Claims(
        challenge=_text(manifest, "challenge"),
        name=_text(manifest, "name"),
        written=_text(manifest, "written"),
        versions=_versions(versions if isinstance(versions, dict) else {}),
        parameters=_whole(manifest, "parameters"),
        parameter_names=tuple(name for name in names if isinstance(name, str)),
        epochs=len(rows) or None,
        valid_accuracies=tuple(_number(row, "valid_accuracy", 1) for row in rows),
        seconds=sum(_number(row, "seconds", 1e9) or 0.0 for row in rows) or None,
        normalisation=_normalisation(manifest.get("normalisation"), channels),
    )


def _text(manifest: Mapping, key: str) -> str:
    found = manifest.get(key)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > LONGEST:
        raise ValueError(
            f"`{key}` in {MANIFEST} must be a text of at most {LONGEST} characters"
        )
    return shown(found, LONGEST)[1:-1]


def _versions(found: Mapping) -> dict[str, str]:
    texts = [(k, v) for k, v in list(found.items())[:20] if isinstance(v, str)]
    return {shown(k, 40)[1:-1]: shown(v, 40)[1:-1] for k, v in texts}


def _whole(manifest: Mapping, key: str) -> int | None:
    found = manifest.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 1e15:
        raise ValueError(f"`{key}` in {MANIFEST} must be a whole number ≥ 0")
    return found


def _number(row: object, column: str, most: float) -> float | None:
    """Return a number of a history's row, None where it is none from 0 to `most`."""
    found = row.get(column) if isinstance(row, dict) else None
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return float(found) if is_number and 0 <= found <= most else None


def _normalisation(found: object, channels: int) -> dict[str, list[float]] | None:
    if found is None:
        return None
    lists = [found.get(k) if isinstance(found, dict) else None for k in ("mean", "std")]
    good = all(
        isinstance(one, list)
        and len(one) == channels
        and all(isinstance(n, int | float) and abs(n) < LARGEST for n in one)
        for one in lists
    )
    if not good or min(lists[1]) <= 0:
        raise ValueError(
            f"`normalisation` in {MANIFEST} must give mean and std > 0 for each of the "
            f"{channels} channels"
        )
    return {"mean": list(map(float, lists[0])), "std": list(map(float, lists[1]))}
