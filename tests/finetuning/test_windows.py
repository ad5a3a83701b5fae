from dataclasses import replace

import numpy as np
import pytest
import torch

from cafi.errors import CafiError
from cafi.finetuning.split import Area, Part, Split
from cafi.finetuning.windows import Cut, Gap, Kind, OwnWindows, cut_window, gaps
from tests.finetuning.helpers import noisy, numbered, reel_of, with_a_cut

KIND = Kind(middle=False, multiple=16, largest=32, batch=4)


def _part(seen, targets, area=None):
    return Part(seen, targets, area or Area(0, 0, 8, 8))


def test_gaps_of_a_block_by_hand():
    found = gaps(_part(range(10, 15), range(11, 13)), middle=True)
    assert set(found) == {
        Gap(10, 2, 11, False, True),
        Gap(11, 2, 12, False, False),
        Gap(10, 4, 12, False, False),
    }
    assert found.count(Gap(10, 2, 11, False, True)) == 2  # the smallest stride counts twice
    other = set(gaps(_part(range(10, 15), range(11, 13)), middle=False))
    assert Gap(11, 3, 12, False, False) in other
    assert Gap(10, 4, 11, False, False) in other
    assert all(g.first < g.target < g.last and g.target in range(11, 13) for g in other)


def test_windows_hold_the_frames_that_their_times_say(tmp_path):
    pixels = numbered(40)
    pixels[:, 0, 0] = 0  # so that the range is known to span the numbers
    reel = reel_of(tmp_path / "a.tif", pixels)
    low, width = float(reel.normalisation.offset[0]), float(reel.normalisation.scale[0])
    given = OwnWindows([reel], KIND, torch.device("cpu"), 0)
    strides = set()
    for _ in range(30):
        window = next(given)
        assert window.frames.shape == (4, 4, 32, 32)
        numbers = window.frames.amax((2, 3)) * width + low - 100
        asked = window.truth.amax((1, 2, 3)) * width + low - 100
        step = numbers[:, 2] - numbers[:, 1]
        strides |= set(step.abs().round().tolist())
        expected = (numbers - numbers[:, 1:2]) / step[:, None]
        assert torch.allclose(window.times, expected, atol=2e-3)
        assert torch.allclose(window.t, (asked - numbers[:, 1]) / step, atol=2e-3)
        assert ((window.valid == 1) | (window.times == 0) | (window.times == 1)).all()
        assert numbers.max() <= 19.01  # of 40 frames, 20 are for training: 8 + 2 + 8 + 2 are not
        assert (window.variance == 0).all()
        assert torch.equal(window.truth, window.measured)
    assert strides == {2.0, 3.0, 4.0}


def test_some_windows_lack_a_frame_at_an_end(tmp_path):
    given = OwnWindows([reel_of(tmp_path / "a.tif", noisy(60))], KIND, torch.device("cpu"), 0)
    valid = torch.cat([next(given).valid for _ in range(60)])
    assert (valid[:, 1:3] == 1).all()
    assert 0.08 < float((valid[:, [0, 3]] == 0).float().mean()) < 0.3


def test_windows_stay_within_their_area(tmp_path):
    pixels = noisy(9, 40, 200)
    pixels[:, :, 104:] = 60000
    reel = reel_of(tmp_path / "a.tif", pixels)
    assert reel.split.training.area == Area(0, 0, 40, 56)
    dark = float(reel.normalisation.apply(np.full((1, 1, 1), 5000, np.uint16))[0, 0, 0])
    given = OwnWindows([reel], KIND, torch.device("cpu"), 0)
    assert all(float(next(given).frames.max()) < dark for _ in range(20))


def test_a_pose_moves_frames_and_truth_alike():
    random = np.random.default_rng(0)
    cut = Cut(
        random.random((4, 3, 5), np.float32),
        random.random((3, 5), np.float32),
        np.array([-1, 0, 1, 2.5], np.float32),
        np.array([0, 1, 1, 1], np.float32),
        0.25,
    )
    turned = cut.posed(True, True, True).transposed()
    assert np.array_equal(turned.truth, cut.truth[::-1, ::-1].T)
    assert np.array_equal(turned.frames[0], cut.frames[3, ::-1, ::-1].T)
    assert turned.times.tolist() == [-1.5, 0, 1, 2]
    assert turned.valid.tolist() == [1, 1, 1, 0]
    assert turned.t == 0.75


def test_irregular_times_count(tmp_path):
    reel = reel_of(tmp_path / "a.tif", noisy())
    reel = replace(reel, positions=np.arange(24.0) ** 2)
    cut = cut_window(reel, Gap(2, 2, 3, True, True), 0, 0, Area(0, 0, 16, 16))
    assert np.allclose(cut.times, [-4 / 12, 0, 1, 32 / 12])
    assert cut.t == pytest.approx(5 / 12)


def test_no_window_spans_a_cut(tmp_path):
    pixels = with_a_cut()
    pixels[12:] += 1000
    reel = reel_of(tmp_path / "a.tif", pixels)
    whole = Part(range(24), range(24), Area(0, 0, 160, 160))
    reel = replace(reel, split=Split("time", whole, whole, whole))
    given = OwnWindows([reel], KIND, torch.device("cpu"), 0)
    for _ in range(20):
        window = next(given)
        means = torch.cat([window.frames, window.truth], 1).mean((2, 3))
        assert float((means.amax(1) - means.amin(1)).max()) < 0.5


def test_a_movie_of_cuts_alone_is_refused(tmp_path):
    reel = reel_of(tmp_path / "a.tif", noisy())
    never = replace(reel, breaks=type("Never", (), {"at": lambda *_: "cut"})())
    with pytest.raises(CafiError, match="is cut so often that nothing can be learned from it"):
        next(OwnWindows([never], KIND, torch.device("cpu"), 0))


def test_the_same_seed_gives_the_same_windows(tmp_path):
    reel = reel_of(tmp_path / "a.tif", noisy())
    first, again, other = (next(OwnWindows([reel], KIND, torch.device("cpu"), seed)).frames for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
