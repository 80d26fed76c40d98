"""One trial run for all: models that refuse an image, told from code that is wrong."""

import copy

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from coursekit._base.modes import copy_of
from coursekit.anatomy import anatomy, flow, memory, weight_layers
from coursekit.anatomy.field import full
from coursekit.gradcam import grad_cam
from coursekit.training.sources import check_outputs
from tests.test_anatomy_oracle import first_and_last

SHAPE = (3, 32, 32)


def convolution() -> nn.Conv2d:
    return nn.Conv2d(3, 4, 3)


class Net(nn.Module):
    """A convolution and a forward pass of one's own."""

    def __init__(self):
        super().__init__()
        self.conv = convolution()


class TwoInputs(Net):
    def forward(self, x, mask):
        return self.conv(x) * mask


class ByName(Net):
    def forward(self, *, pixel_values):
        return self.conv(pixel_values)


class TakesDict(Net):
    def forward(self, batch):
        return self.conv(batch["image"])


class TakesAnyDict(Net):
    def forward(self, batch):
        return self.conv(next(iter(batch.values())))


class AsksForKeys(Net):
    def forward(self, batch):
        return [self.conv(batch[key]) for key in batch.keys()]  # noqa: SIM118


class GivesDict(Net):
    def forward(self, x):
        return {"out": self.conv(x)}


class UsesDict(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = GivesDict(), nn.Linear(30, 2)

    def forward(self, x):
        return self.head(self.conv(x))


class FlattensDict(UsesDict):
    def forward(self, x):
        return self.head(self.conv(x).flatten(1))


class Asserts(Net):
    def forward(self, x):
        if x.shape[-1] != 64:
            raise AssertionError  # as `assert` does where pytest does not rewrite it
        return self.conv(x)


class WrongChannels(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.conv, self.next = convolution(), nn.Conv2d(8, 2, 3)


class ComplexWeights(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, dtype=torch.complex64)


def small_transformer() -> nn.Module:
    model = torchvision.models.VisionTransformer(64, 16, 1, 1, 8, 8)
    model.conv = model.conv_proj
    return model


REFUSED = {
    TwoInputs: r"`TwoInputs` was given .*takes `x`, `mask`, not one batch",
    ByName: r"`ByName` was given .*takes `pixel_values`, not one batch",
    TakesDict: r"`TakesDict` was given .*takes a dict with 'image', not a tensor",
    TakesAnyDict: r"`TakesAnyDict` was given .*takes a dict, not a tensor",
    AsksForKeys: r"`AsksForKeys` was given .*no attribute 'keys'",
    UsesDict: r"layer `head` \(Linear\) was given no tensor, .*be Tensor, not dict",
    FlattensDict: r"`FlattensDict` .*'dict' object has no attribute 'flatten'",
    Asserts: r"`Asserts` was given .*an `assert` in it fails",
    WrongChannels: r"layer `next` .*takes 8 channels, not 4",
    ComplexWeights: r"layer `conv` .*its weights are complex",
    small_transformer: r"`VisionTransformer` .*Expected 64 but got 32",
}


def looked_at(model: nn.Module) -> dict:
    images = torch.zeros(2, *SHAPE)
    return {
        "anatomy": lambda: anatomy(model, SHAPE),
        "flow": lambda: flow(model, SHAPE),
        "memory": lambda: memory(model, SHAPE, 2),
        "weight_layers": lambda: weight_layers(model, SHAPE),
        "grad_cam": lambda: grad_cam(model, images, getattr(model, "conv", "conv")),
        "fit": lambda: check_outputs("train", model, None, (images, None)),
    }


FUNCTIONS = tuple(looked_at(nn.Identity()))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_a_model_that_refuses_the_image_says_so_in_one_sentence(make, function):
    with pytest.raises(ValueError, match=REFUSED[make]) as caught:
        looked_at(make())[function]()
    assert "\n" not in str(caught.value)


class UnknownLayer(Net):
    def forward(self, x):
        return self.conv2(x)


class UnknownName(Net):
    def forward(self, x):
        return self.conv(y)  # noqa: F821


class UnknownMethod(Net):
    def forward(self, x):
        return self.conv(x).reshpe(1, -1)


class UnknownKeyword(Net):
    def forward(self, x):
        return F.relu(self.conv(x), inplce=True)


class OneArgumentTooMany(Net):
    def forward(self, x):
        return self.conv(x, 3)


MISTAKES = {
    UnknownLayer: (AttributeError, "no attribute 'conv2'"),
    UnknownName: (NameError, "'y' is not defined"),
    UnknownMethod: (AttributeError, "no attribute 'reshpe'"),
    UnknownKeyword: (TypeError, "unexpected keyword argument 'inplce'"),
    OneArgumentTooMany: (TypeError, "takes 2 positional arguments but 3"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("make", MISTAKES, ids=lambda make: make.__name__)
def test_a_mistake_in_the_code_keeps_its_own_error(make, function):
    kind, message = MISTAKES[make]
    with pytest.raises(kind, match=message):
        looked_at(make())[function]()


class HookToNumpy(Net):
    def __init__(self):
        super().__init__()
        self.conv.register_forward_hook(lambda m, i, out: out.detach().cpu().numpy())

    def forward(self, x):
        return self.conv(x)


class Item(Net):
    def forward(self, x):
        return self.conv(x) / x.max().item()


class If(Net):
    def forward(self, x):
        return self.conv(x) if x.sum() > 0 else self.conv(-x)


class Where(Net):
    def forward(self, x):
        return self.conv(x)[:, :, (x > 0).nonzero()[:, 2]]


@pytest.mark.parametrize("function", ["anatomy", "flow", "memory", "weight_layers"])
@pytest.mark.parametrize("make", [HookToNumpy, Item, If, Where])
def test_a_step_that_needs_numbers_is_named_as_one(make, function):
    with pytest.raises(ValueError, match=f"`{make.__name__}` asks for a number in"):
        looked_at(make())[function]()


def quantised() -> nn.Module:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 4))
    return torch.ao.quantization.quantize_dynamic(model, {nn.Linear})


WRAPPED = {
    "parallel": (lambda: nn.DataParallel(convolution()), "give its `.module`"),
    "inside": (
        lambda: nn.Sequential(nn.DataParallel(convolution())),
        "`model.0` is wr",
    ),
    "scripted": (
        lambda: torch.jit.script(convolution()),
        "the module it was made from",
    ),
    "quantised": (quantised, r"`model\.1` \(Linear\) is quantised"),
}


@pytest.mark.parametrize("function", FUNCTIONS[:5])
@pytest.mark.parametrize(("make", "message"), WRAPPED.values(), ids=WRAPPED)
@pytest.mark.filterwarnings("ignore")  # torch announces their end
def test_what_hides_a_model_is_named_with_what_to_give_instead(make, message, function):
    with pytest.raises(ValueError, match=message):
        looked_at(make())[function]()


class Recurrent(nn.Module):
    """Reads the rows of an image one after another."""

    def __init__(self, kind, **kwargs):
        super().__init__()
        self.rows = kind(3 * 32, 8, batch_first=True, **kwargs)

    def forward(self, x):
        return self.rows(x.transpose(1, 2).flatten(2))[0]


class Pooled(nn.Module):
    """Attention with one query of its own, as in SigLIP's head."""

    def __init__(self):
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, 3))

    def forward(self, x):
        keys = x.flatten(2).mT
        query = self.query.expand(len(x), -1, -1)
        return F.scaled_dot_product_attention(query, keys, keys)


RECURRENT = {
    "lstm": Recurrent(nn.LSTM),
    "gru": Recurrent(nn.GRU),
    "rnn": Recurrent(nn.RNN, nonlinearity="relu"),
    "two layers, both ways": Recurrent(nn.LSTM, num_layers=2, bidirectional=True),
}


@pytest.mark.parametrize("model", RECURRENT.values(), ids=RECURRENT)
def test_a_recurrent_layer_sees_what_poison_reaches(model):
    images = torch.zeros(32, *SHAPE)
    for row, image in enumerate(images):
        image[:, row] = torch.nan
    first, last = first_and_last(model(images).isnan())  # 32 steps, features
    units = anatomy(model, SHAPE).output.units
    low, high = full(units.axes[0], units.shape)[:, 0]
    assert torch.equal(low, first)
    assert torch.equal(-high, last)


def test_a_query_of_the_models_own_sees_what_its_keys_see():
    assert anatomy(Pooled(), SHAPE).output.receptive_field == (32, 32)
    assert flow(Pooled(), SHAPE).before("output") == ("model",)
    assert anatomy(Pooled(), SHAPE).multiply_adds == 2 * 32 * 32 * 3


class Remembers(Net):
    def forward(self, x):
        self.last = self.conv(x)
        self.all = [self.last]
        return self.last


def test_a_copy_has_the_numbers_of_what_a_pass_left_behind():
    model = Remembers()
    out = model(torch.ones(1, *SHAPE))
    copied = copy_of(model)
    assert torch.equal(copied.last, out)
    assert copied.all[0] is copied.last
    assert not copied.last.requires_grad
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(model)
