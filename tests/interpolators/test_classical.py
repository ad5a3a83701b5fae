"""Classical methods against references: exact polynomials, known shifts, and the plain DIS reference."""

import warnings

import cv2
import numpy as np
import pytest
import torch
from benchmarks import reference_dis
from benchmarks.methods import score_movie
from scipy.interpolate import BarycentricInterpolator
from scipy.ndimage import fourier_shift, gaussian_filter

from cafi.interpolators import registry
from cafi.interpolators.classical import dis
from cafi.interpolators.classical.dis import one_opencv_thread


def predict(name, frames, t, times=None, valid=None):
    """Predict from frames (K, Y, X) as one window."""
    frames = torch.from_numpy(np.asarray(frames, np.float32))[None, :, None]
    k = frames.shape[1]
    times = torch.arange(k, dtype=torch.float32) - (k // 2 - 1) if times is None else torch.tensor(times).float()
    valid = torch.ones(k, dtype=torch.bool) if valid is None else torch.tensor(valid)
    made = registry.get(name).predict(frames, times[None], torch.tensor([t], dtype=torch.float32), valid[None])
    return made.mean[0, 0].numpy()


def texture(side=128, scale=3.0, seed=0):
    field = gaussian_filter(np.random.default_rng(seed).standard_normal((side, side)), scale, mode="wrap")
    low, high = np.percentile(field, (0.1, 99.9))
    return ((field - low) / (high - low)).astype(np.float32)


def shifted(image, dy, dx):
    return np.fft.ifft2(fourier_shift(np.fft.fft2(image), (dy, dx))).real.astype(np.float32)


def psnr(a, b, margin=16):
    inner = (slice(margin, -margin),) * 2
    return -10 * np.log10(np.mean((a[inner] - b[inner]) ** 2))


@pytest.mark.parametrize(("t", "expected"), [(0.3, 1.0), (0.5, 1.0), (0.51, 2.0)])
def test_duplicate_takes_the_nearest_frame(t, expected):
    assert predict("duplicate", np.ones((2, 4, 5)) * [[[1]], [[2]]], t)[0, 0] == expected


@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
def test_linear_blends_by_time(t):
    a, b = np.random.default_rng(0).random((2, 6, 7))
    np.testing.assert_allclose(predict("linear", [a, b], t), (1 - t) * a + t * b, atol=1e-6)


@pytest.mark.parametrize("times", [[-1, 0, 1, 2], [-3.5, 0, 1, 1.2], [-0.1, 0, 1, 9]])
@pytest.mark.parametrize("t", [0.05, 0.5, 0.8])
def test_cubic_reproduces_cubics_at_irregular_times(times, t):
    polynomial = np.poly1d([0.3, -0.5, 0.2, 0.4])
    frames = polynomial(np.array(times))[:, None, None] * np.ones((1, 3, 3))
    np.testing.assert_allclose(predict("cubic", frames, t, times), polynomial(t), rtol=1e-5)


@pytest.mark.parametrize("t", [0.0, 1.0])
def test_cubic_is_exact_at_the_ends(t):
    frames = np.random.default_rng(0).random((4, 5, 6))
    np.testing.assert_allclose(predict("cubic", frames, t), frames[1 + int(t)], atol=1e-6)


@pytest.mark.parametrize("valid", [[False, True, True, True], [True, True, True, False], [False, True, True, False]])
def test_cubic_uses_only_frames_that_exist(valid):
    times = np.array([-1.0, 0, 1, 2.5])
    values = np.random.default_rng(1).random(4)
    frames = np.where(valid, values, 77)[:, None, None] * np.ones((1, 2, 2))
    expected = BarycentricInterpolator(times[valid], values[valid])(0.4)
    np.testing.assert_allclose(predict("cubic", frames, 0.4, times, valid), expected, rtol=1e-5)


@pytest.mark.parametrize("t", [0.25, 0.5, 0.8])
def test_optical_flow_follows_a_shift_at_any_time(t):
    image = texture()
    last, truth = shifted(image, 3, -6), shifted(image, 3 * t, -6 * t)
    made = predict("optical_flow", [image, last], t)
    assert psnr(made, truth) > 40
    assert psnr(made, truth) > psnr(predict("linear", [image, last], t), truth) + 12


def test_motion_points_to_both_ends():
    image = texture()
    frames = torch.from_numpy(np.stack([image, shifted(image, 3, -6)]))[None, :, None]
    made = registry.get("optical_flow").predict(frames, None, torch.tensor([0.25]), None).motion
    assert made.shape == (1, 2, 2, 128, 128)
    middle = made[0, :, :, 32:96, 32:96].mean((-1, -2)).numpy()
    np.testing.assert_allclose(middle, [[1.5, -0.75], [-4.5, 2.25]], atol=0.1)


def test_optical_flow_keeps_full_depth():
    image = texture() * 0.01 + 0.5
    made = predict("optical_flow", [image, image], 0.5)
    np.testing.assert_allclose(made, image, atol=1e-6)
    assert len(np.unique(made)) > 10_000


def test_optical_flow_does_not_depend_on_opencvs_threads():
    frames, before = [texture(), shifted(texture(), 2, 5)], cv2.getNumThreads()
    results = []
    for threads in (1, 2):
        cv2.setNumThreads(threads)
        results.append(predict("optical_flow", frames, 0.5))
        assert cv2.getNumThreads() == threads
    cv2.setNumThreads(before)
    np.testing.assert_array_equal(*results)


def test_flow_that_is_not_finite_becomes_no_motion_with_a_warning(monkeypatch):
    class Broken:
        def calc(self, first, last, flow):
            return np.full((*first.shape, 2), np.nan, np.float32)

    monkeypatch.setattr(dis, "_estimator", lambda *_: Broken())
    a, b = texture(32), 0.8 * texture(32)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = predict("optical_flow", [a, b], 0.5)
    assert "no motion was assumed" in str(caught[0].message)
    np.testing.assert_allclose(made, (a + b) / 2, atol=1e-6)


def test_a_frame_beyond_opencvs_reach_is_refused():
    from cafi.errors import CafiError

    with pytest.raises(CafiError, match="at most 32766 pixels a side"):
        predict("optical_flow", np.zeros((2, 1, 32_767)), 0.5)


def test_the_reference_is_what_it_says():
    image = texture()
    last, truth = shifted(image, 2, 4), shifted(image, 1, 2)
    for reference in (reference_dis.predict, reference_dis.predict_own):
        assert psnr(reference(image, last, 0.5), truth) > 38


@pytest.mark.slow
def test_optical_flow_is_at_least_the_reference_on_every_real_movie(shared):
    names = ("optical_flow", "reference DIS", "reference DIS, own flows")
    gains = []
    for path in sorted((shared / "movies").glob("*.tif")):
        ours, *references = (psnr for psnr, _ in score_movie(path, 2, names).values())
        gains.append(ours - max(references))
    assert len(gains) == 12
    assert min(gains) > -0.02
    assert np.mean(gains) > 0.1


def test_one_opencv_thread_serves_whoever_needs_it_and_is_put_back_by_the_last():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    outer, inner = one_opencv_thread(), one_opencv_thread()
    with outer:
        assert cv2.getNumThreads() == 1
        with inner:
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 2
    cv2.setNumThreads(before)
