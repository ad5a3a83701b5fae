"""Tiling must not show: blended tiles equal the whole frame for a method with a known reach."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cafi.engine.tiles import predict_tiled, spans, tile_side
from cafi.errors import CafiError


def method(reach: int | None = 3, multiple: int = 1, zoom: int = 1, bytes_per_pixel: int = 10) -> SimpleNamespace:
    return SimpleNamespace(name="box", reach=reach, multiple=multiple, zoom=zoom, bytes_per_pixel=bytes_per_pixel)


def box_mean(reach: int):
    """A filter that sees exactly ``reach`` pixels to each side."""

    def predict(frames: torch.Tensor) -> torch.Tensor:
        padded = torch.nn.functional.pad(frames[:, 0], (reach,) * 4, mode="replicate")
        return torch.nn.functional.avg_pool2d(padded, 2 * reach + 1, stride=1)

    return predict


@settings(deadline=None, max_examples=40)
@given(length=st.integers(1, 400), side=st.integers(8, 64), overlap=st.integers(0, 6), multiple=st.sampled_from([1, 2]))
def test_spans_cover_everything_and_overlap(length, side, overlap, multiple):
    length, side = length * multiple, side * multiple
    cut = spans(length, side, overlap, multiple)
    assert cut[0][0] == 0
    assert cut[-1][1] == length
    assert all(b - a == min(side, length) and a % multiple == 0 for a, b in cut)
    assert all(earlier[1] - later[0] >= overlap for earlier, later in pairwise(cut))


@settings(deadline=None, max_examples=25)
@given(height=st.integers(5, 90), width=st.integers(5, 90), side=st.integers(18, 40), reach=st.integers(1, 4))
def test_tiled_equals_untiled_for_a_method_with_this_reach(height, width, side, reach):
    frames = torch.from_numpy(np.random.default_rng(0).random((2, 2, 3, height, width), dtype=np.float32))
    whole = predict_tiled(box_mean(reach), frames, None, method(reach))
    tiled = predict_tiled(box_mean(reach), frames, side, method(reach))
    torch.testing.assert_close(tiled, whole, atol=2e-6, rtol=0)


def test_too_small_a_reach_is_seen():
    frames = torch.from_numpy(np.random.default_rng(0).random((1, 2, 1, 64, 64), dtype=np.float32))
    whole = box_mean(8)(frames)
    tiled = predict_tiled(box_mean(8), frames, 24, method(reach=1))
    assert (tiled - whole).abs().max() > 1e-3


def test_tiles_of_a_zooming_method_land_in_place():
    def twice(frames):
        return torch.nn.functional.interpolate(frames[:, 0], scale_factor=2, mode="nearest")

    frames = torch.arange(40 * 30, dtype=torch.float32).reshape(1, 1, 1, 40, 30)
    tiled = predict_tiled(twice, frames, 16, method(reach=2, zoom=2))
    torch.testing.assert_close(tiled, twice(frames), atol=1e-3, rtol=0)


def test_a_frame_within_the_budget_is_not_tiled():
    assert tile_side(method(), 100, 100, 1, budget=100 * 100 * 10) is None


def test_tiles_keep_a_window_within_the_budget():
    side = tile_side(method(multiple=4), 4000, 4000, 2, budget=2_000_000)
    assert side == 316
    assert side**2 * 2 * 10 <= 2_000_000


def test_a_method_that_must_see_the_whole_frame_is_refused_beyond_the_budget():
    with pytest.raises(CafiError, match=r"needs about 0\.2 GB .* raise --memory"):
        tile_side(method(reach=None), 4000, 4000, 1, budget=100_000_000)
