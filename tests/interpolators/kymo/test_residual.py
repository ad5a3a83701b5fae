import pytest
import torch

from cafi.interpolators.kymo.residual import only_detail


def test_brightness_is_taken_away_and_detail_stays():
    random = torch.Generator().manual_seed(0)
    frame = torch.rand(1, 1, 96, 96, generator=random)
    detail = 0.05 * torch.randn(1, 1, 96, 96, generator=random)
    kept = only_detail(detail + 0.1, frame)
    assert kept.mean().abs() < 1e-3
    inside = (slice(None), slice(None), slice(20, 76), slice(20, 76))
    assert torch.corrcoef(torch.stack([kept[inside].flatten(), detail[inside].flatten()]))[0, 1] > 0.99


def test_nothing_is_added_where_nothing_is():
    residual = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    assert only_detail(residual, torch.full((1, 1, 64, 64), 0.3)).abs().max() < 1e-6


def test_it_never_exceeds_the_local_contrast():
    random = torch.Generator().manual_seed(2)
    frame = 0.1 * torch.randn(1, 1, 64, 64, generator=random)
    assert only_detail(10 * torch.randn(1, 1, 64, 64, generator=random), frame).abs().max() == pytest.approx(
        0.1, rel=0.2
    )
