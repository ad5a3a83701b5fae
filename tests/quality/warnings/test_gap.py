"""What is measured at a gap tells the planted from the plausible."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from cafi.quality.faults import KINDS, plant
from cafi.quality.warnings import implausible
from cafi.quality.warnings.ends import look, small_motion
from cafi.quality.warnings.gap import check
from cafi.quality.warnings.local_noise import local_noise
from cafi.quality.warnings.structure import Picture

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


@pytest.mark.parametrize("kind", KINDS)
def test_planted_faults_are_found_where_they_are(scene, kind):
    before, after, middle = scene
    ends = look(before, after, 0.5)
    judge = implausible.Judge(ends)
    clean = judge.find(Picture(middle)).score
    limit = implausible.THRESHOLD * max(implausible.USUAL, clean)
    assert clean <= limit
    hits = made = 0
    for seed in range(12):
        found = plant(kind, middle, ends.noise, 15, 6, np.random.default_rng(seed))
        if found is None:
            continue
        place = judge.find(Picture(found.plane))
        made += 1
        hits += place.score > limit and np.hypot(place.y - found.y, place.x - found.x) <= 8
    assert made >= 10
    assert hits >= 0.85 * made


def test_what_a_mixture_of_the_ends_explains_is_plausible(scene):
    ends = look(*scene[:2], 0.5)
    judge = implausible.Judge(ends)
    before, after, moved = ends.before.plane, ends.after.plane, ends.moved[1].plane
    for mixture in (0.5 * (before + after), 0.5 * (ends.moved[0].plane + moved), before, 0.5 * moved):
        assert judge.find(Picture(mixture.astype(np.float32))).score < 1


def test_usual_variance_is_fitted_to_its_evidence_and_not_to_a_fault():
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 200, 200)).astype(np.float32)
    floor = np.full((200, 200), 1e-3, np.float32)
    truth = 3 * first + 0.5 * second
    squares = (truth * np.square(rng.standard_normal((200, 200)))).astype(np.float32)
    squares[90:110, 90:110] *= 100
    fitted = implausible.usual(squares, [first, second, floor])
    # One pixel in a hundred is of the fault, and counts as at most nine times the usual; unclipped, all would double.
    assert np.mean(fitted / truth) == pytest.approx(1, abs=0.15)
    assert np.corrcoef(fitted.ravel(), truth.ravel())[0, 1] > 0.98
    assert (implausible.usual(np.zeros_like(floor), [first, floor]) >= floor).all()


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


def test_what_the_method_says_of_each_channel_is_kept(scene):
    before, after, middle = (np.stack([frame, frame]) for frame in scene)
    found = check(before, after, 0.5, middle, 0, 0, strangeness=np.array([0.25, 1.5], np.float32))
    assert [one.strangeness for one in found] == [0.25, 1.5]
    assert check(before, after, 0.5, middle, 0, 0)[0].strangeness is None


def test_what_the_methods_own_motion_explains_is_plausible(scene):
    before, after, _ = scene
    # Moved upwards where everything moves to the right: no mixture along optical flow makes this.
    wrong = shift(before, (-5, 0), order=1, mode="nearest").astype(np.float32)
    told = np.zeros((2, 2, *before.shape), np.float32)
    told[0, 1] = 5  # y, to the earlier end
    alone = check(before[None], after[None], 0.5, wrong[None], 0, 0)[0].score
    assert alone > implausible.USUAL
    assert check(before[None], after[None], 0.5, wrong[None], 0, 0, motion=told)[0].score < 0.3 * alone


def test_motion_is_brought_to_the_small_copies():
    told = np.zeros((2, 2, 640, 600), np.float32)
    told[1, 0], told[0, 1] = 6, -4
    to_before, to_after = small_motion(told)
    assert to_before.shape == to_after.shape == (320, 300, 2)
    assert (to_before == [0, -2]).all()
    assert (to_after == [3, 0]).all()
