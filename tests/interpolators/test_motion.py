"""Motion of a field that drifts further than optical flow can follow, and of all others."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.interpolators.classical.dis import dis_motion
from cafi.interpolators.classical.motion import estimate_motion

WIDE = gaussian_filter(np.random.default_rng(0).normal(size=(300, 500)), 3).astype(np.float32)
WIDE = (WIDE - WIDE.min()) / np.ptp(WIDE)


def pair(drift):
    first, last = WIDE[50:242, 100:356], WIDE[50:242, 100 - drift : 356 - drift]
    return np.ascontiguousarray(first), np.ascontiguousarray(last)


@pytest.mark.parametrize("drift", [40, 70])
def test_a_drift_is_found_from_both_ends_and_from_the_middle(drift):
    found = estimate_motion(*pair(drift))
    places = {"forward": slice(20, -100), "backward": slice(100, -20), "middle": slice(60, -60)}
    for name, inside in places.items():
        flow = getattr(found, name)[20:-20, inside] * (-1 if name == "backward" else 1)
        assert np.abs(flow[..., 0] - drift).max() < 1, name
        assert np.abs(flow[..., 1]).max() < 1, name
    assert np.abs(dis_motion(*pair(drift)).middle[20:-20, 60:-60, 0] - drift).max() > 10


@pytest.mark.parametrize("drift", [0, 3])
def test_without_a_drift_it_is_optical_flow_alone(drift):
    found, alone = estimate_motion(*pair(drift)), dis_motion(*pair(drift))
    assert all(np.array_equal(a, b) for a, b in zip(vars(found).values(), vars(alone).values(), strict=True))


def test_a_still_background_stays_behind_what_moves_far():
    texture = pair(0)[0]
    still = 0.3 * texture
    y, x = np.mgrid[:192, :256]
    first, last = still.copy(), still.copy()
    for frame, centre in ((first, 80), (last, 120)):
        disc = (y - 96) ** 2 + (x - centre) ** 2 < 50**2
        frame[disc] = 0.4 + 0.6 * np.roll(texture, centre, 1)[disc]
    found = estimate_motion(first, last)
    assert np.median(np.abs(found.middle[:30])) < 0.1
    assert np.median(found.middle[80:112, 90:110, 0]) == pytest.approx(40, abs=1)


def test_the_shift_from_one_spot_to_another_is_no_drift():
    """What moves one spot onto another makes all others vanish, where background fits background."""
    y, x = np.mgrid[:64, :96]

    def frame(*places, seed):
        light = sum(np.exp(-((y - a) ** 2 + (x - b) ** 2) / 18) for a, b in places)
        return (light + 0.01 * np.random.default_rng(seed).normal(size=light.shape)).astype(np.float32)

    found = estimate_motion(frame((16, 20), (44, 66), seed=0), frame((16, 26), (44, 60), seed=1))
    assert found.middle[16, 23, 0] == pytest.approx(6, abs=0.5)
    assert found.middle[44, 63, 0] == pytest.approx(-6, abs=0.5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (17, 17), (64, 900)])
@pytest.mark.parametrize("most", [1.0, 1e30])
@pytest.mark.filterwarnings("error")
def test_odd_shapes_and_absurd_intensities_have_a_motion(shape, most):
    first, last = np.random.default_rng(0).uniform(-1, 1, (2, *shape)).astype(np.float32) * np.float32(most)
    found = estimate_motion(first, last)
    assert found.middle.shape == (*shape, 2)
    assert all(np.isfinite(flow).all() for flow in vars(found).values())
