"""Explorers in a page without a kernel: what a page holds is what Python says."""

import base64
import json
import random
import re
import struct
import zlib
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from coursekit import explore
from coursekit.explore import states
from coursekit.explore.depends import known
from coursekit.explore.live import LiveExplorer
from coursekit.explore.shell import Explorer
from coursekit.explore.view import table_html
from coursekit.models import tiny_net
from coursekit.staff.pages.island import IN_KERNEL, island, kept_states
from coursekit.staff.pages.island.held import Held
from coursekit.staff.pages.island.island_ways import FEW, RULES, held_of, name_of
from coursekit.staff.pages.island.kept_states import kept, sources
from tests.explorers import displayed
from tests.test_explore_controls import NAMES, made

PNG = "data:image/png;base64,"
LETTERS = re.compile(r"class='coursekit-states'>([^<]*)</script>")


def packed(explorer: Explorer) -> dict[str, list[str]]:
    """Read the fragment of an explorer, state by state: name of a part → its texts."""
    (letters,) = LETTERS.findall(island(explorer, alone=False))
    whole = zlib.decompress(base64.b64decode(letters))
    at = 4 + int.from_bytes(whole[:4], "little")
    said = json.loads(whole[4:at])
    pieces = whole[at : at + said["pieces"]].decode().split("\0")
    at, shown = at + said["pieces"], {}
    pixels = sum(3 * count for _, _, count in said["parts"].values())
    files = pictures(said["pictures"], whole[at + pixels :])
    pieces = [f'{PNG}{files[int(p[1:])]}"' if p.startswith("\1") else p for p in pieces]
    for name, (count, texts, size) in said["parts"].items():
        low, middle, high = (
            whole[at + k * size : at + (k + 1) * size] for k in range(3)
        )
        numbers = [
            a + 256 * b + 65536 * c for a, b, c in zip(low, middle, high, strict=True)
        ]
        steps, lengths = numbers[:count], numbers[count : count + texts]
        rest, read = numbers[count + texts :], [""] * texts
        for length in dict.fromkeys(lengths):
            own = [n for n in range(texts) if lengths[n] == length]
            block, rest = rest[: length * len(own)], rest[length * len(own) :]
            for row, n in enumerate(own):
                read[n] = "".join(pieces[k] for k in block[row :: len(own)])
        assert not rest
        shown[name] = [read[n % 2**24] for n in accumulate(steps)]
        at += 3 * size
    return shown


def pictures(runs: list, bytes_: bytes) -> list[str]:
    """Return every picture as its header, palette and pixels."""
    found = []
    for head, count in runs:
        for _ in range(count):
            parts = [0, *accumulate(head[4:])]
            found.append(spelt(head[:4], *(bytes_[a:b] for a, b in pairwise(parts))))
            bytes_ = bytes_[parts[-1] :]
    assert not bytes_
    return found


def spelt(head: list, palette: bytes, clear: bytes, rows: bytes) -> str:
    return f"{[*head]}, {palette.hex()}, {clear.hex()}, {rows.hex()}"


def uncompressed(text: str) -> str:
    """Return a drawing with every PNG file in it as its header, palette and pixels."""
    return re.sub(f'{PNG}([^"]*)"', lambda found: unpacked(found[1]), text)


@lru_cache(maxsize=4096)
def unpacked(letters: str) -> str:
    file, chunks, at = base64.b64decode(letters), {}, 8
    while at < len(file):
        size = int.from_bytes(file[at : at + 4])
        chunks[file[at + 4 : at + 8]] = file[at + 8 : at + 8 + size]
        at += 12 + size
    head = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    rows = zlib.decompress(chunks[b"IDAT"])
    colours = (chunks.get(name, b"") for name in (b"PLTE", b"tRNS"))
    return f'{PNG}{spelt(list(head), *colours, rows)}"'


def test_every_state_of_the_page_is_the_one_python_draws():
    explorer = explore.explore_dense_matrix()
    held = packed(explorer)
    assert len(held["front"]) == len(states(explorer)) == 2420
    for number, state in enumerate(states(explorer)):
        view = explorer.at(**state)
        assert held["backdrop"][number] == view.backdrop
        assert held["sheet"][number] == uncompressed(view.sheet)
        assert held["front"][number] == uncompressed(view.svg_or_html)
        assert held["words"][number] == view.text
        assert held["table"][number] == table_html(view.table)


def test_every_way_is_that_of_an_explorer():
    names = {name.removeprefix("explore_") for name in NAMES}
    assert {*FEW, *RULES} <= names
    for name in FEW:
        assert {*FEW[name]} <= {*made(f"explore_{name}").declared.settings}


def resting(explorer: LiveExplorer) -> list[tuple[dict, str]]:
    """List states, of each setting a few values, with each setting that rests there."""
    settings, subject = explorer.declared.settings, explorer.declared.subject
    few = FEW.get(name_of(explorer), dict.fromkeys(settings, 3))
    return [
        (state, name)
        for state in Held(explorer, few)
        for name, setting in settings.items()
        if not known(setting.active, {**state, subject: explorer.subject})
    ]


@pytest.mark.parametrize("name", ["augmentation", "branches", "desk", "hiding"])
def test_a_setting_that_does_not_count_changes_nothing(name: str):
    explorer, draw = made(f"explore_{name}"), random.Random(0)
    settings = explorer.declared.settings
    found = resting(explorer)
    assert len(found) >= 30
    for state, setting in draw.sample(found, 30):
        names = {**state, explorer.declared.subject: explorer.subject}
        others = {*settings[setting].values(names)} - {state[setting]}
        moved = state | {setting: draw.choice(sorted(others))}
        assert explorer.at(**moved) == explorer.at(**state)


def test_of_a_large_subject_a_page_holds_fewer_states_the_present_one_among_them():
    deep = nn.Sequential(*(nn.Sequential(nn.Conv2d(3, 3, 1)) for _ in range(30)))
    explorer = explore.explore_network(deep, (3, 16, 16))
    held = list(held_of(explorer))
    assert len(held) <= 4000
    assert explorer.state in held
    layers = {layer for _, layer in explorer.controls["layer"].options}
    assert {state["layer"] for state in held} == layers
    large = explore.explore_kernel(np.arange(144).reshape(12, 12), np.eye(2))
    assert 1000 < len(list(held_of(large))) <= 30_000


def test_what_is_no_explorer_is_refused():
    with pytest.raises(ValueError, match="`explorer` must be what an explore_"):
        island("padding")


def test_a_cell_of_a_kernel_told_so_shows_an_island(monkeypatch: pytest.MonkeyPatch):
    own = LiveExplorer.__dict__.get("_ipython_display_")
    monkeypatch.setattr(LiveExplorer, "_ipython_display_", own, raising=False)
    exec(IN_KERNEL, {})
    (shown,) = displayed(explore.explore_branches())
    assert "coursekit-island" in shown["text/html"]
    assert "<style" not in shown["text/html"]
    assert shown["text/plain"].startswith("An inception module")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let islands be kept in an empty checkout; return the folder of the kept."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(kept_states, "_ROOT", tmp_path)
    return tmp_path / "build" / "islands"


def test_the_same_explorer_is_computed_once(checkout: Path):
    first = kept(explore.explore_branches(), lambda: "letters")
    again = kept(explore.explore_branches(), lambda: "never made")
    assert (first, again, len([*checkout.iterdir()])) == ("letters", "letters", 1)


def test_another_subject_or_another_start_is_computed_anew(checkout: Path):
    net, found = tiny_net(), []
    for step in ("first", "same", "channel", "weight"):
        if step == "weight":
            next(net.parameters()).data += 1
        explorer = explore.explore_network(net, (1, 28, 28))
        explorer.controls["channel"].value = int(step == "channel")
        found.append(kept(explorer, lambda step=step: step))
    assert found == ["first", "first", "channel", "weight"]


def test_what_cannot_be_told_apart_is_computed_every_time(checkout: Path):
    net = tiny_net()
    net.register_forward_hook(lambda *_: None)
    explorer = explore.explore_network(net, (1, 28, 28))
    assert [kept(explorer, lambda n=n: f"{n}") for n in range(2)] == ["0", "1"]
    assert not checkout.exists()


def test_a_change_of_what_an_explorer_imports_is_seen():
    of_padding = {Path(one).name for one in sources("coursekit.explore.padding")}
    assert {"padding.py", "arithmetic.py", "svg.py", "style.py"} <= of_padding
    assert not {"kernel.py", "island.py"} & of_padding
