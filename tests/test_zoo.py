"""Anatomy of every network of torchvision, and of timm where it is installed.

Runs with the other environments, not with every change: `pytest -m zoo`. The oracles
are torch's own counts, hooks on a real forward pass, and a block of the image set to
NaN: a unit sees it where its printed window reaches into it.
"""

import copy
import warnings
from importlib.util import find_spec

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from coursekit.anatomy import Anatomy, Layer, UnknownOperatorError, anatomy
from coursekit.anatomy.field import straight

pytestmark = pytest.mark.zoo

SIDE, BLOCK = 224, slice(96, 128)  # as wide as the largest stride
SIDES = {"inception_v3": 299, "vit_h_14": 224}
MOST = 60_000_000  # parameters that are given numbers for the probe
TIMM = (
    *("convmixer_768_32", "convnextv2_nano", "davit_tiny", "densenet121"),
    *("edgenext_small", "efficientformer_l1", "efficientnet_lite0", "fastvit_t8"),
    *("ghostnet_100", "hardcorenas_a", "hgnet_small", "hrnet_w18_small", "levit_128"),
    *("inception_next_tiny", "lambda_resnet26t", "mixer_s16_224", "mobileone_s0"),
    *("mobilenetv4_conv_small", "nf_resnet50", "poolformer_s12", "regnety_002"),
    *("repvgg_a0", "resmlp_12_224", "resnest14d", "rexnet_100", "selecsls42"),
    *("seresnext26d_32x4d", "swin_tiny_patch4_window7_224", "tf_efficientnetv2_b0"),
    *("tinynet_e", "tresnet_m", "visformer_tiny", "vit_tiny_patch16_224", "xception41"),
)
NETWORKS = [
    *(f"torchvision/{n}" for n in torchvision.models.list_models(torchvision.models)),
    *(f"timm/{name}" for name in TIMM if find_spec("timm")),
]


def build(name: str, device: str) -> nn.Module:
    home, name = name.split("/")
    slow = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device(device):
        if home == "timm":
            from timm import create_model

            return create_model(name, pretrained=False).eval()
        return torchvision.models.get_model(name, weights=None, **slow).eval()


def without_weights(name: str) -> nn.Module:
    try:
        return build(name, "meta")
    except (NotImplementedError, RuntimeError):  # computes its widths with tensors
        return build(name, "cpu")


def hooked(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Run a model; return where the first tensor of each module is NaN."""
    found, handles = {}, []
    for name, module in model.named_modules():

        def keep(module, args, out, name=name):
            if isinstance(out, Tensor):
                found.setdefault(name, out.isnan() if out.is_floating_point() else out)

        handles.append(module.register_forward_hook(keep))
    try:
        with torch.no_grad():
            model(images)
    finally:
        for handle in handles:
            handle.remove()
    return found


@pytest.fixture(scope="module", params=NETWORKS)
def net(request) -> tuple[str, nn.Module, Anatomy]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of timm's and torchvision's own
        model = without_weights(request.param)
        side = SIDES.get(request.param.split("/")[1], SIDE)
        try:
            return request.param, model, anatomy(model, (3, side, side))
        except UnknownOperatorError as error:
            pytest.skip(f"refused, not guessed: {error}")


def test_parameters_are_counted_once_each(net):
    _, model, table = net
    assert table.parameters == sum(p.numel() for p in model.parameters())


def test_multiply_adds_are_half_of_what_torch_counts(net):
    _, model, table = net
    images = torch.empty(1, *table.input_shape, device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        copy.deepcopy(model).to("meta")(images)
    assert table.multiply_adds == counter.get_total_flops() // 2


@pytest.fixture
def plain_convolutions():
    """Switch off Winograd's, which would spread a NaN over a whole tile."""
    backends = torch.backends.mkldnn, torch.backends.nnpack
    before = [backend.set_flags(False)[0] for backend in backends]
    yield
    for backend, flag in zip(backends, before, strict=True):
        backend.set_flags(flag)


@pytest.mark.usefixtures("plain_convolutions")
def test_shapes_and_printed_windows_are_those_of_a_real_pass(net):
    name, _, table = net
    if table.parameters > MOST:
        pytest.skip("too large to give it numbers")
    model = build(name, "cpu")
    for axis in (0, 1):
        draw = torch.Generator().manual_seed(0)
        images = torch.rand(1, *table.input_shape, generator=draw)
        images.movedim(2 + axis, 0)[BLOCK] = torch.nan
        for name, reached in hooked(model, images).items():
            compare(table[name], reached, axis)


def compare(row: Layer, reached: Tensor, axis: int) -> None:
    assert row.output_shape == tuple(reached.shape[1:]), row.name
    if row.units is None or reached.dim() != 4:
        return
    grid = straight(row.units.axes[axis], row.units.shape)[1]
    numbers = [values[axis] for values in (row.receptive_field, row.stride, row.start)]
    dim = grid and grid.dim
    if dim is None or not all(isinstance(number, int) for number in numbers):
        return
    size, stride, start = numbers
    first = start + stride * torch.arange(reached.shape[dim])
    expected = (first < BLOCK.stop) & (first + size > BLOCK.start)
    seen = reached.movedim(dim, 0).flatten(1).any(1)
    assert torch.equal(seen, expected), (row.name, axis)
