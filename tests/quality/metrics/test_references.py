"""Metrics equal their references to 1e-6.

The figures of MicroSSIM are of the package microssim 0.0.5, those of MS-SSIM of pytorch-msssim 1.0.0, on the frames
that are made here; both were taken once, in an environment of their own.
"""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.quality.metrics import Range, intensity_range
from cafi.quality.metrics.fourier import Rings, cutoff, ring_correlation
from cafi.quality.metrics.intensity import linear_fit, nrmse, nrmse_published, pearson
from cafi.quality.metrics.microssim import fit_micro_scale, micro_ssim
from cafi.quality.metrics.structure import ms_ssim, ssim, ssim_map


def frames(count=3, side=192):
    """A drifting scene with noise, and a prediction of another gain and offset that lags by a pixel."""
    rng = np.random.default_rng(7)
    scene = gaussian_filter(rng.standard_normal((side, side + 16)), 3, mode="wrap")
    scene = 100 + 900 * np.clip(scene / scene.std(), 0, None)
    moved = [np.roll(scene, (t, 2 * t), (0, 1)) for t in range(count)]
    truth = np.stack([frame + rng.normal(0, 30, scene.shape) for frame in moved])
    lagging = [0.8 * np.roll(scene, (t + 1, 2 * t), (0, 1)) + 40 for t in range(count)]
    return truth, np.stack([frame + rng.normal(0, 10, scene.shape) for frame in lagging])


TRUTH, PREDICTION = frames()
SCALE = intensity_range(TRUTH)


def test_micro_ssim_is_that_of_its_authors():
    scale = fit_micro_scale(list(TRUTH), list(PREDICTION))
    background = scale.truth_background, scale.prediction_background
    assert background == pytest.approx((51.99950223765996, 104.07189744891946), abs=1e-6)
    assert scale.largest == pytest.approx(3475.5626098613025, abs=1e-6)
    assert scale.factor == pytest.approx(1.3877419644597662, abs=1e-6)
    scores = [micro_ssim(a, b, scale) for a, b in zip(TRUTH, PREDICTION, strict=True)]
    assert scores == pytest.approx([0.8056597662669958, 0.8097591784107695, 0.8074504444754218], abs=1e-6)


def test_micro_ssim_has_no_scale_where_there_is_only_background():
    assert fit_micro_scale([np.ones((20, 20))], [np.zeros((20, 20))]) is None


def test_ms_ssim_is_that_of_pytorch_msssim():
    scores = [ms_ssim(SCALE.normalise(a), SCALE.normalise(b)) for a, b in zip(TRUTH, PREDICTION, strict=True)]
    assert scores == pytest.approx([0.9344560596261313, 0.9345494557735329, 0.9352610221171056], abs=1e-6)


def test_the_mean_of_the_ssim_map_without_its_border_is_ssim():
    found = ssim_map(TRUTH[0], PREDICTION[0], SCALE)
    assert found.shape == TRUTH[0].shape
    assert found[5:-5, 5:-5].mean() == pytest.approx(ssim(TRUTH[0], PREDICTION[0], SCALE), abs=1e-6)
    assert np.isnan(ssim_map(np.zeros((4, 4)), np.zeros((4, 4)), SCALE)).all()


def test_nrmse_is_the_root_mean_squared_error_over_the_range():
    expected = np.sqrt(np.mean((TRUTH[0] - PREDICTION[0]) ** 2)) / SCALE.width
    assert nrmse(TRUTH[0], PREDICTION[0], SCALE) == pytest.approx(expected, rel=1e-12)


def test_the_published_nrmse_is_a_root_of_absolute_errors_after_a_fit():
    low, high = np.percentile(TRUTH[0], (0.1, 99.9))
    target = (TRUTH[0] - low) / (high - low)
    design = np.stack([PREDICTION[0].ravel(), np.ones(TRUTH[0].size)], 1)
    fitted = design @ np.linalg.lstsq(design, target.ravel(), rcond=None)[0]
    expected = np.sqrt(np.abs(target.ravel() - fitted).mean())
    assert nrmse_published(TRUTH[0], PREDICTION[0]) == pytest.approx(expected, abs=1e-9)
    assert nrmse_published(TRUTH[0], 3 * PREDICTION[0] + 7) == pytest.approx(expected, abs=1e-9)


def test_pearson_and_the_linear_fit_are_those_of_numpy():
    truth, prediction = SCALE.normalise(TRUTH[0]).ravel(), SCALE.normalise(PREDICTION[0]).ravel()
    assert pearson(TRUTH[0], PREDICTION[0]) == pytest.approx(np.corrcoef(truth, prediction)[0, 1], abs=1e-9)
    assert linear_fit(TRUTH[0], PREDICTION[0], SCALE) == pytest.approx(np.polyfit(prediction, truth, 1), abs=1e-9)


def test_gain_and_bias_say_what_would_correct_the_prediction():
    truth = TRUTH[0]
    assert linear_fit(truth, (truth - 50) / 2, Range(0, 100)) == pytest.approx((2.0, 0.5))


@pytest.mark.parametrize("shape", [(32, 32), (33, 40), (48, 35)])
def test_the_ring_correlation_is_its_definition_over_the_whole_frequency_plane(shape):
    a, b = TRUTH[0][: shape[0], : shape[1]], PREDICTION[0][: shape[0], : shape[1]]
    window = np.outer(*(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n) for n in shape))
    fa, fb = (np.fft.fft2((f - f.mean()) * window) for f in (a, b))
    count = min(shape) // 2
    radius = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None])
    ring = np.rint(radius * 2 * count)
    found = ring_correlation(a, b)
    for i in range(1, count + 1):
        x, y = fa[ring == i], fb[ring == i]
        expected = (x * y.conj()).sum().real / np.sqrt((abs(x) ** 2).sum() * (abs(y) ** 2).sum())
        assert found.correlation[i - 1] == pytest.approx(expected, abs=1e-9)
    assert found.frequency[-1] == 0.5


def test_the_ring_correlation_falls_where_structure_ends_and_noise_begins():
    rng = np.random.default_rng(1)
    scene = gaussian_filter(rng.standard_normal((256, 256)), 4, mode="wrap")
    scene /= scene.std()
    noisy = [scene + rng.normal(0, 0.3, scene.shape) for _ in range(2)]
    found = ring_correlation(*noisy)
    assert found.correlation[found.frequency < 0.03].mean() > 0.95
    assert abs(found.correlation[found.frequency > 0.25].mean()) < 0.02
    assert 0.05 < cutoff(found) < 0.2
    assert cutoff(ring_correlation(scene, 2 * scene)) == 0.5


def test_the_cutoff_lies_between_the_rings_around_the_threshold():
    rings = Rings(np.array([0.1, 0.2, 0.3]), np.array([1.0, 3 / 7, -1 / 7]))
    assert cutoff(rings) == pytest.approx(0.25)
