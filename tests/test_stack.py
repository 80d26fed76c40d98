"""The first test of every run: a broken PyTorch is named at once, and only once."""

import pytest

from coursekit.setup.doctor import stack


def test_torch_and_torchvision_belong_together(request: pytest.FixtureRequest):
    answer = stack()
    if not answer.ok:
        request.session.shouldfail = f"{answer.detail}. Remedy: {answer.remedy}"
    assert answer.ok, f"{answer.detail}. Remedy: {answer.remedy}"
