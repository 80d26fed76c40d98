"""`make pictures`: render the README's picture of each session from the package.

A picture shows what the session computes, nothing drawn by hand: the network of
session 00 is trained here, the squares of session 01 come from `anatomy.seen`.
"""

import argparse
import io
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from coursekit._base.files import write_whole
from coursekit.anatomy import anatomy, seen
from coursekit.blocks import Inception, NaiveInception
from coursekit.course import course_map
from coursekit.data import digits, photos
from coursekit.figures import bars, curves, fields, heatmap, images
from coursekit.models import cifar_resnet, googlenet, resnet50, vgg16
from coursekit.models.capstone import (
    budget_net,
    gap_net,
    late_net,
    plain_net,
)
from coursekit.staff.build.folder import notebooks_folder
from coursekit.staff.pages.classic_pictures import session_05, session_05b
from coursekit.staff.pages.looking_pictures import session_04, session_04b
from coursekit.staff.pages.measured_pictures import (
    session_01b,
    session_03c,
    session_04c,
)
from coursekit.staff.pages.moving_picture import drawn_from
from coursekit.training import fit

FOLDER = Path(__file__).resolve().parents[3] / "notebooks" / "pictures"
LARGEST = 40_000  # bytes a file; a README with nine of them stays light
WIDTHS = (560, 480, 400, 320)  # pixels; the README shows 280
COLOURS = 128  # of the palette


def session_00() -> Figure:
    """Show a digit and what eight trained kernels answer to it."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 10),
    )
    data = digits(size=16).split(seed=0)
    history = fit(net, data.train, epochs=4, batch_size=32, seed=0, progress=False)
    digit = data.test.images[3:4] / 255
    with torch.no_grad():
        maps = net[:2]((digit - history.mean[0]) / history.std[0])[0, :, None]
    pictures = [digit[0], *maps]
    captions = ["a digit", *(f"kernel {number}" for number in range(1, 9))]
    return images(pictures, captions, columns=3, scale="each")


def session_01() -> Figure:
    """Show what the middle unit after each pooling layer of VGG-16 sees."""
    photo = photos().images[1, :, 60:284, 170:394]
    net, shape = vgg16(num_classes=10).eval(), (3, 224, 224)
    pools = [
        name for name, layer in net.named_modules() if isinstance(layer, nn.MaxPool2d)
    ]
    windows, sides = [], (112, 56, 28, 14, 7)
    for name, side in zip(pools, sides, strict=True):
        windows.append(seen(net, shape, name, unit=(side // 2, side // 2)))
    return fields(photo, windows, [f"pooling {n}" for n in range(1, 6)])


def session_02() -> Figure:
    """Show three mixtures of a photo's colours, as a 1×1 convolution makes them."""
    photo = photos().images[0, :, 40:236:2, 220:416:2] / 255
    mixtures = {"R − B": (1, 0, -1), "G − R": (-1, 1, 0), "grey": (0.3, 0.6, 0.1)}
    weights = torch.tensor([*mixtures.values()])[:, :, None, None]
    mixed = torch.conv2d(photo[None], weights)[0]
    return images([photo, *mixed], ["photo", *mixtures], columns=2, scale="each")


def session_02b() -> Figure:
    """Show what the layers around a transition cost."""
    layers = {
        "3×3, 512 to 512": (512, 512, 3, 28),
        "1×1, 512 to 32": (512, 32, 1, 28),
        "the same after pooling": (512, 32, 1, 14),
        "3×3, 32 to 64": (32, 64, 3, 14),
    }
    costs = {}
    for name, (inputs, outputs, kernel_size, side) in layers.items():
        layer = nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2)
        costs[name] = anatomy(layer, (inputs, side, side)).multiply_adds
    return bars(costs, xlabel="multiply-adds", log=True, highlight=["1×1, 512 to 32"])


def session_03() -> Figure:
    """Show the dense layer that does what a 3×3 convolution does."""
    weights = torch.arange(1.0, 10).view(1, 1, 3, 3)
    spikes = torch.eye(81).view(81, 1, 9, 9)
    matrix = torch.nn.functional.conv2d(spikes, weights, padding=1).flatten(1).T
    axes = {"xlabel": "input pixel", "ylabel": "output pixel"}
    return heatmap(matrix, label="weight", **axes)


def session_03b() -> Figure:
    """Show how a temperature turns gaps of logits into gaps of shares."""
    gaps = torch.linspace(0, 3, 61)
    pairs = torch.stack([gaps, torch.zeros_like(gaps)], dim=1)
    shares = {
        f"shares, T = {t:g}": (pairs / t).softmax(1) @ torch.tensor([1.0, -1])
        for t in (0.1, 0.5, 1.0, 2.0)
    }
    axes = {"xlabel": "gap of two logits", "ylabel": "gap of their shares"}
    return curves(gaps, {"logits": gaps, **shares}, **axes)


def session_06() -> Figure:
    """Show how much each block of a trained net of 56 layers changes its input."""
    torch.manual_seed(0)
    net = cifar_resnet(56, 10, 1, shortcut="padded", width=8)
    data = digits().split(seed=0)
    like = fit(net, data.train, epochs=5, batch_size=64, lr=0.05, progress=False)
    x = net[:3]((data.test.images / 255 - like.mean[0]) / like.std[0])
    changes = []
    for block in (block for stage in net[3:6] for block in stage):
        inside = block.bn1(block.conv1(x)).relu()
        kept = x if block.downsample is None else block.downsample(x)
        change = block.bn2(block.conv2(inside))
        changes.append((change.norm() / kept.norm()).item())
        x = block(x)
    names = {"xlabel": "block", "ylabel": "change, F(x) / x"}
    return curves(range(1, 28), {"F(x) / x": changes}, **names)


def session_06b() -> Figure:
    """Show how many paths through ResNet-50 have which receptive field."""
    with torch.device("meta"):
        net = resnet50()
    stem = anatomy(net, (3, 224, 224))["maxpool"]
    counts, jump = Counter({stem.receptive_field[0]: 1}), stem.stride[0]
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        for block in stage:  # its 3×3 widens a path that does not take the shortcut
            wider = (block.conv2.kernel_size[0] - 1) * jump
            counts += Counter({field + wider: n for field, n in counts.items()})
            jump *= block.conv2.stride[0]
    fields_found = sorted(counts)
    names = {"xlabel": "receptive field (pixels)", "ylabel": "paths"}
    return curves(fields_found, {"paths": [counts[f] for f in fields_found]}, **names)


def session_07() -> Figure:
    """Show what an inception module costs against the width of its bottlenecks."""
    widths, costs = range(8, 257, 8), []
    for width in widths:
        net = Inception(256, one=128, three=(width, 192), five=(width, 96), pool=64)
        costs.append(anatomy(net, (256, 28, 28)).multiply_adds / 1e6)
    names = {"xlabel": "channels of both bottlenecks", "ylabel": "multiply-adds (M)"}
    naive = NaiveInception(256, one=128, three=192, five=96)
    level = {"no bottlenecks": anatomy(naive, (256, 28, 28)).multiply_adds / 1e6}
    return curves(widths, {"module": costs}, level=level, **names)


def session_07b() -> Figure:
    """Show the parameters of GoogLeNet's modules, counted and in the paper."""
    with torch.device("meta"):
        net = googlenet()
    modules = [layer for layer in net.children() if isinstance(layer, Inception)]
    counted = [sum(p.numel() for p in module.parameters()) for module in modules]
    table = [159, 380, 364, 437, 463, 580, 840, 1072, 1388]
    lines = {"the paper's table": table, "counted": [n / 1000 for n in counted]}
    names = {"xlabel": "inception module", "ylabel": "parameters (thousands)"}
    return curves(range(1, 10), lines, **names)


def session_08() -> Figure:
    """Show how many parameters each step of the capstone leaves."""
    nets = {
        "dense head": plain_net(28),
        "GAP head": gap_net(),
        "squeezed": late_net(),
        "narrow": budget_net((8, 10), (10, 10, 10), padding=1),
    }
    counts = {k: sum(map(torch.numel, net.parameters())) for k, net in nets.items()}
    return bars(counts, xlabel="parameters", log=True, highlight=["narrow"])


SESSIONS: dict[str, Callable[[], Figure]] = {
    "00": session_00,
    "01": session_01,
    "01b": session_01b,
    "02": session_02,
    "02b": session_02b,
    "03": session_03,
    "03b": session_03b,
    "03c": session_03c,
    "04": session_04,
    "04b": session_04b,
    "04c": session_04c,
    "05": session_05,
    "05b": session_05b,
    "06": session_06,
    "06b": session_06b,
    "07": session_07,
    "07b": session_07b,
    "08": session_08,
    "map": course_map,
}
MOVING = "predict_run_verdict.svg"


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG of at most `LARGEST` bytes, as sharp as that allows.

    Raises:
        ValueError: even the coarsest resolution is too large.
    """
    for width in WIDTHS:
        drawn, packed = io.BytesIO(), io.BytesIO()
        dots = width / figure.get_size_inches()[0]
        figure.savefig(drawn, format="png", dpi=dots)
        picture = Image.open(drawn).convert("RGB").quantize(COLOURS)
        picture.save(packed, format="png", optimize=True)
        if len(packed.getvalue()) <= LARGEST:
            return packed.getvalue()
    size = len(packed.getvalue())
    raise ValueError(f"the picture has {size:,} bytes; at most {LARGEST:,}")


def render(folder: Path, sessions: Sequence[str] = tuple(SESSIONS)) -> list[Path]:
    """Write `NN.png` for each session and return the paths.

    Args:
        folder: made if it is not there.
        sessions: numbers such as "03" or "03b", each a key of `SESSIONS`.

    Raises:
        ValueError: a session without a picture.
    """
    unknown = [name for name in sessions if name not in SESSIONS]
    if unknown:
        allowed = ", ".join(SESSIONS)
        raise ValueError(f"`sessions` must be among {allowed}; got {unknown[0]!r}")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in sessions]
    for name, path in zip(sessions, paths, strict=True):
        write_whole(path, to_png(SESSIONS[name]()))
    return paths


def main(argv: Sequence[str] | None = None) -> int:
    """Render the pictures named on the command line, all of them by default."""
    parser = argparse.ArgumentParser(
        prog="python -m coursekit.staff.pages.readme_pictures",
        description="Render the README's pictures.",
        epilog="example: python -m coursekit.staff.pages.readme_pictures 01",
    )
    parser.add_argument("sessions", nargs="*", metavar="NN", help="such as 01")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args(argv)
    try:
        paths = render(options.folder, options.sessions or tuple(SESSIONS))
    except ValueError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    if not options.sessions:
        paths.append(options.folder / MOVING)
        write_whole(paths[-1], drawn_from(notebooks_folder(FOLDER)))
    for path in paths:
        sys.stdout.write(f"{path} {path.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
