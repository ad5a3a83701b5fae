"""What is measured at a gap tells the planted from the plausible."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from cafi.quality.faults import KINDS, plant
from cafi.quality.warnings import implausible
from cafi.quality.warnings.ends import look, spot_noise, spots
from cafi.quality.warnings.gap import check
from cafi.quality.warnings.local_noise import local_noise

NOISE = 0.02


@pytest.fixture(scope="module")
def scene():
    """Ends of a gap in which texture moves by 4 px, and the true frame between them without noise."""
    rng = np.random.default_rng(3)
    texture = gaussian_filter(rng.standard_normal((140, 140)), 3)
    texture = 0.5 + 0.2 * texture / texture.std()

    def at(x, noise):
        moved = shift(texture, (0, x), order=3, mode="nearest")[6:-6, 6:-6]
        return (moved + noise * rng.standard_normal(moved.shape)).astype(np.float32)

    return at(-2, NOISE), at(2, NOISE), at(0, 0.3 * NOISE)


def test_noise_is_told_from_the_frames(scene):
    assert np.median(local_noise(*scene[:2])) == pytest.approx(NOISE, rel=0.1)


def test_noise_of_spots_is_that_of_filtered_white_noise():
    white = np.random.default_rng(0).standard_normal((300, 300)).astype(np.float32)
    for size in (1.8, 3.0):
        assert spots(white, size).std() == pytest.approx(spot_noise(np.float32(1), size), rel=0.05)


# Ghosts of half amplitude stay within what the ends show around them; docs/trust.md says how seldom they are found.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ghost"])
def test_planted_faults_are_found_where_they_are(scene, kind):
    before, after, middle = scene
    ends = look(before, after, 0.5)
    clean = implausible.find(ends, middle).score
    assert not implausible.flagged([clean], clean)
    hits = made = 0
    for seed in range(8):
        found = plant(kind, middle, ends.noise, 15, 6, np.random.default_rng(seed))
        if found is None:
            continue
        place = implausible.find(ends, found.plane)
        made += 1
        hits += implausible.flagged([clean], place.score) and np.hypot(place.y - found.y, place.x - found.x) <= 8
    assert made >= 4
    # Texture hides a shifted disc: its edges look like the rest.
    assert hits >= (0.5 if kind == "shifted" else 0.75) * made


def test_linear_blending_of_moving_texture_is_no_better_than_itself(scene):
    before, after, middle = (plane[None] for plane in scene)
    (good,) = check(before, after, 0.5, middle, 0, 0)
    (copy,) = check(before, after, 0.5, before, 0, 0)
    assert good.travel == pytest.approx(4, abs=0.7)
    assert good.beyond_linear < 0.2
    assert copy.beyond_linear > 1
    assert good.unlike > 0.3
    assert good.unmatched < 0.05
    assert (good.appeared, good.vanished) == (0, 0)


def test_a_vanished_thing_is_counted(scene):
    before, after, middle = (plane.copy() for plane in scene)
    rows, columns = np.mgrid[:128, :128]
    before += 2 * np.exp(-((rows - 60) ** 2 + (columns - 70) ** 2) / 18).astype(np.float32)
    (seen,) = check(before[None], after[None], 0.5, middle[None], 5, 0)
    assert (seen.gap, seen.vanished) == (5, 1)
    assert seen.appeared == 0


def test_large_frames_are_looked_at_as_small_copies(scene):
    large = [np.kron(plane, np.ones((4, 4), np.float32))[None] for plane in scene]
    (seen,) = check(*large[:2], 0.5, large[2], 0, 0)
    assert seen.travel == pytest.approx(16, abs=3)
