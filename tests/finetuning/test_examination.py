import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from cafi.finetuning.examination import FIELD, Examination, field_of_view
from cafi.finetuning.split import Area
from cafi.interpolators import registry
from tests.finetuning.helpers import noisy, reel_of, tiny_base


def _noise(network, amount):
    torch.manual_seed(0)
    other = copy.deepcopy(network)
    for parameter in other.parameters():
        parameter.add_(amount * torch.randn_like(parameter))
    return other


def test_scores_are_those_of_the_method_itself(tmp_path):
    reel, base = reel_of(tmp_path / "a.tif", noisy()), tiny_base(tmp_path)
    examined = Examination([reel], base.interpolator, torch.device("cpu"), 24)
    assert len(examined.questions) == 5  # frames 12 to 16 of 24: every one has a neighbour on each side
    asked = sorted(q.window.slot.t for q in examined.questions)
    assert asked == [12, 13, 14, 15, 16]
    for question, score in zip(examined.questions, examined.base, strict=True):
        t = question.window.slot.t
        shown = [t - 3 if t >= 13 else t - 1, t - 1, t + 1, t + 3 if t <= 15 else t + 1]
        shown = [f if 10 <= f <= 18 else max(t - 1, min(f, t + 1)) for f in shown]
        valid = torch.tensor([[shown[0] != shown[1], True, True, shown[3] != shown[2]]])
        frames = torch.from_numpy(np.stack([reel.frame(f, 0) for f in shown]))[None]
        frames = torch.nn.functional.pad(frames[:, :, 0], (0, 0, 0, 16), mode="replicate")[:, :, None]
        times = torch.tensor([[(f - t + 1) / 2 for f in shown]])
        made = base.interpolator.predict(frames, times, torch.tensor([0.5]), valid).mean[0, 0, :48]
        error = float(((made - torch.from_numpy(reel.frame(t, 0)[0])) ** 2).mean())
        assert score == pytest.approx(-10 * np.log10(error), abs=1e-3)


def test_the_network_it_began_with_gains_nothing_and_a_worse_one_loses(tmp_path):
    reel, base = reel_of(tmp_path / "a.tif", noisy()), tiny_base(tmp_path)
    network = base.interpolator.network
    examined = Examination([reel], base.interpolator, torch.device("cpu"))
    assert examined.gain(copy.deepcopy(network)) == 0
    worse = _noise(network, 0.5)
    gain = examined.gain(worse)
    assert gain < -0.1
    assert base.interpolator.network is worse


def test_only_the_area_counts_in_movies_parted_in_space(tmp_path):
    pixels = noisy(9, 64, 240)
    reel = reel_of(tmp_path / "a.tif", pixels)
    assert reel.split.validation.area == Area(0, 112, 64, 48)
    examined = Examination([reel], registry.get("linear"), torch.device("cpu"), 3)
    question = examined.questions[0]
    assert (question.rows, question.columns) == (slice(0, 64), slice(112, 160))
    t = question.window.slot.t
    error = ((reel.frame(t - 1, 0) + reel.frame(t + 1, 0)) / 2 - reel.frame(t, 0))[0, :, 112:160]
    assert examined.base[0] == pytest.approx(-10 * np.log10((error.astype(float) ** 2).mean()), abs=1e-4)


def test_movies_take_turns(tmp_path):
    reels = [reel_of(tmp_path / f"{i}.tif", noisy(seed=i, frames=100)) for i in range(2)]
    reels[1] = replace(reels[1], planes=(0,))
    examined = Examination(reels, registry.get("linear"), torch.device("cpu"), 24)
    first, second = examined.questions[:2]
    assert np.array_equal(first.truth, reels[0].frame(first.window.slot.t, 0)[0])
    assert np.array_equal(second.truth, reels[1].frame(second.window.slot.t, 0)[0])


@pytest.mark.parametrize(
    ("area", "size"),
    [
        (Area(0, 0, 100, 120), (100, 120)),
        (Area(0, 0, 1000, 800), (1000, 800)),
        (Area(900, 0, 100, 800), (1000, 800)),
        (Area(0, 400, 200, 60), (200, 1000)),
    ],
)
def test_a_field_of_view_shows_what_counts(area, size):
    random = np.random.default_rng(0)
    for _ in range(20):
        field, rows, columns = field_of_view(area, *size, random)
        assert 0 <= field.top <= field.top + field.height <= size[0]
        assert 0 <= field.left <= field.left + field.width <= size[1]
        assert field.height == min(size[0], FIELD)
        assert field.width == min(size[1], FIELD)
        counted = np.zeros(size, bool)
        counted[area.rows, area.columns] = True
        seen = counted[field.rows, field.columns]
        assert seen[rows, columns].all()
        assert seen.sum() == (rows.stop - rows.start) * (columns.stop - columns.start) > 0
