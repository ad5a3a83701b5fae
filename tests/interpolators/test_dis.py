"""What optical flow finds depends on the two frames alone, and no shape of them ends the process."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.interpolators.classical.dis import KEPT, dis_motion, one_opencv_thread


def _pair(height, width, seed=0):
    texture = gaussian_filter(np.random.default_rng(seed).standard_normal((height, width)), 3, mode="wrap")
    texture = ((texture - texture.min()) / np.ptp(texture)).astype(np.float32)
    return texture, np.roll(texture, 3, 1)


def _fresh(pair):
    """Estimate in a thread that has estimated nothing before."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(dis_motion, *pair).result()


@pytest.mark.parametrize("before", [[(40, 50)], [(200, 300)], [(32 + i, 48) for i in range(KEPT + 2)]])
def test_frames_seen_before_do_not_matter(before):
    with one_opencv_thread(), ThreadPoolExecutor(1) as pool:
        for size in before:
            pool.submit(dis_motion, *_pair(*size)).result()
        found = pool.submit(dis_motion, *_pair(128, 96, 1)).result()
        expected = _fresh(_pair(128, 96, 1))
    assert np.array_equal(found.forward, expected.forward)
    assert np.array_equal(found.backward, expected.backward)
    assert np.array_equal(found.middle, expected.middle)


@pytest.mark.parametrize(("height", "width"), [(20, 300), (12, 900), (31, 640)])
def test_narrow_frames_do_not_end_the_process(height, width):
    told = f"""
import numpy as np
from cafi.interpolators.classical.dis import dis_motion
from tests.interpolators.test_dis import _pair
for seed in range(10):
    found = dis_motion(*_pair({height}, {width}, seed))
    assert found.middle.shape == ({height}, {width}, 2)
    assert abs(float(np.median(found.middle[..., 0])) - 3) < 0.2
"""
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("side", [32, 36, 40, 45, 46, 63, 64, 80, 88, 90, 91])
def test_the_same_frames_give_the_same_again(side, quick):
    first, last = np.random.default_rng(0).random((2, side, side)).astype(np.float32)
    found = [dis_motion(first, last, quick=quick).middle for _ in range(2)]
    np.testing.assert_array_equal(found[0], found[1])
