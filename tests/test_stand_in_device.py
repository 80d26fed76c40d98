"""The stand-in for a GPU: where results lie and what is refused, as on a real one."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursekit.course.exercises.stand_in_device import (
    DEVICE,
    OffDeviceError,
    StandInDevice,
    is_there,
    there,
)


def images() -> torch.Tensor:
    return there(torch.arange(32.0).reshape(2, 1, 4, 4))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x + 1,
        lambda x: x * torch.tensor(2.0),
        lambda x: torch.zeros(3, device=x.device),
        lambda x: x.new_zeros(3),
        lambda x: torch.zeros_like(x),
        lambda x: torch.stack(list(x)),
        lambda x: x[torch.arange(2)],
        lambda x: x.to(torch.float64),
        lambda x: torch.tensor(0.5).to(x),
        lambda x: torch.tensor(x.tolist()).to(x.device),
        lambda x: F.max_pool2d(x, 2),
        lambda x: x.max(1).values,
        lambda x: torch.where(x > 0, x, 0.0),
        lambda x: nn.Linear(4, 4).to(x.device)(x),
        lambda x: torch.zeros(2).cuda(),
        lambda x: torch.zeros(2).copy_(torch.ones(2)).to("cuda"),
    ],
)
def test_a_result_made_from_the_input_or_for_its_device_is_there(call):
    with StandInDevice():
        result = call(images())
    assert is_there(result)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: torch.zeros(3),
        lambda x: torch.arange(x.shape[2]),
        lambda x: x.cpu() + 1,
        lambda x: x.to("cpu"),
        lambda x: x.to(device=torch.device("cpu")),
        lambda x: torch.tensor(x.tolist()),
        lambda x: torch.tensor([value.item() for value in x.flatten()]),
        lambda x: torch.from_numpy(x.cpu().numpy()),
        lambda x: torch.zeros(2, 1, 4, 4).copy_(x),
    ],
)
def test_a_result_made_on_the_cpu_is_not_there(call):
    with StandInDevice():
        result = call(images())
    assert not is_there(result)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: x + torch.zeros(4), "two devices"),
        (lambda x: torch.where(x > 0, x, torch.zeros(4)), "two devices"),
        (lambda x: torch.cat([x, torch.zeros(1, 1, 4, 4)]), "two devices"),
        (lambda x: nn.Linear(4, 4)(x), "two devices"),
        (lambda x: torch.arange(2)[x[0, 0, 0, :2].long()], "two devices"),
        (lambda x: x.numpy(), "numpy"),
    ],
)
def test_what_a_gpu_refuses_is_refused(call, words):
    with StandInDevice(), pytest.raises(OffDeviceError, match=words):
        call(images())


def test_values_are_there_for_loops_and_conditions():
    with StandInDevice():
        x = images()
        assert x.device == DEVICE
        assert x.is_cuda
        assert not x.is_cpu
        assert x.sum().item() == 496
        assert [float(row.max()) for row in x] == [15, 31]


def test_nothing_is_watched_after_the_block():
    with StandInDevice():
        x = images()
    assert x.device == torch.device("cpu")
