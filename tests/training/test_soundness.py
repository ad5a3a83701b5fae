"""A run whose validation breaks goes back to where it was best."""

import math

import pytest
import torch

from cafi.errors import CafiError
from cafi.training.checkpoints import load_checkpoint
from cafi.training.data import RecipeLessons
from cafi.training.loop import train
from cafi.training.soundness import BROKEN, RETURNS, Soundness
from cafi.training.trainees import make_trainee
from tests.training.helpers import SIZES, tiny_recipe


class Judged:
    """Windows of the recipe, and judgements that were written beforehand."""

    def __init__(self, recipe, folder, losses):
        self._recipe, self._losses = RecipeLessons(recipe, folder), iter(losses)
        self.seen = []

    def begin(self, device, seed):
        return self._recipe.begin(device, seed)

    def judge(self, trainee, network, step):
        self.seen.append((step, torch.cat([p.flatten() for p in network.parameters()]).clone()))
        return {"loss": next(self._losses)}


def _run(out, losses, steps=8):
    recipe = tiny_recipe(steps=steps, validate_every=2)
    lessons = Judged(recipe, out, losses)
    network, progress, figures = train(
        recipe, make_trainee("kymo", SIZES, {}, 3), out, out, precision="float32", lessons=lessons, cpu=True
    )
    return lessons, network, progress, figures


def test_what_breaks_is_far_above_the_best_or_no_number():
    soundness = Soundness()
    losses = (9.0, 1.0, 1 + 0.9 * BROKEN, 1 + 1.1 * BROKEN, math.nan, 0.5, 0.9 + BROKEN)
    said = []
    for loss in losses:
        soundness.judge(loss)
        said.append((soundness.broken, soundness.better))
    better, neither, broken = (False, True), (False, False), (True, False)
    assert said == [better, better, neither, broken, broken, better, broken]


def test_a_broken_run_goes_on_from_its_best_state(tmp_path):
    with pytest.warns(RuntimeWarning, match="broke before step 6; the run goes on with a lower rate from step 4"):
        lessons, _, progress, _ = _run(tmp_path, [1.0, 0.9, 0.9 + 1.1 * BROKEN, 0.8, 0.7, 0.7])
    assert [step for step, _ in lessons.seen] == [2, 4, 6, 6, 8, 8]
    assert (progress.step, progress.falls, progress.best) == (8, 1, 0.7)
    sound, broken, after = (weights for _, weights in lessons.seen[1:4])
    # Two steps with a fifth of the rate lead less far from the sound state than two steps with all of it.
    assert 0 < (after - sound).norm() < 0.5 * (broken - sound).norm()


def test_a_run_that_is_broken_when_it_ends_ends_sound(tmp_path):
    with pytest.warns(RuntimeWarning, match="with a lower rate from step 2"):
        lessons, network, progress, figures = _run(tmp_path, [1.0, 9.0, 1.0], steps=3)
    assert (progress.step, progress.falls, figures) == (2, 1, {"loss": 1.0})
    kept = torch.cat([p.flatten() for p in network.parameters()])
    assert torch.equal(kept, lessons.seen[0][1])
    saved = make_trainee("kymo", SIZES, {}).network
    load_checkpoint(tmp_path / "checkpoint.safetensors", make_trainee("kymo", SIZES, {}).network, saved)
    off = torch.cat([p.flatten() for p in saved.parameters()]) - kept  # by no more than 16 bits
    assert off.norm() < 0.1 * (lessons.seen[1][1] - kept).norm()


def test_a_run_that_drifts_away_slowly_returns_to_its_best_state(tmp_path):
    drifting = [1.0, 1 + 0.5 * BROKEN, 1 + 0.9 * BROKEN, 1 + 1.1 * BROKEN, 0.9, 0.9]
    with pytest.warns(RuntimeWarning, match="broke before step 8; the run goes on with a lower rate from step 2"):
        lessons, _, progress, _ = _run(tmp_path, [*drifting, 0.9, 0.9], steps=8)
    assert [step for step, _ in lessons.seen] == [2, 4, 6, 8, 4, 6, 8, 8]
    assert (progress.step, progress.falls) == (8, 1)


def test_a_run_that_breaks_again_and_again_ends_where_it_was_best(tmp_path):
    with (
        pytest.warns(RuntimeWarning, match="broke before step 4; the run goes on with a lower rate from step 2"),
        pytest.warns(RuntimeWarning, match="broke before step 4; the run ends as it was at step 2, where it was best"),
    ):
        lessons, network, progress, figures = _run(tmp_path, [1.0] + [9.0] * (RETURNS + 1) + [1.0], steps=100)
    assert (progress.step, progress.falls, figures) == (2, RETURNS + 1, {"loss": 1.0})
    assert torch.equal(torch.cat([p.flatten() for p in network.parameters()]), lessons.seen[0][1])


def test_a_run_that_goes_on_with_another_recipe_is_not_measured_by_the_first(tmp_path):
    _run(tmp_path, [-9.0, -9.0], steps=2)
    _, _, progress, _ = _run(tmp_path, [-3.0, -3.1, -3.1], steps=6)
    assert (progress.step, progress.falls) == (6, 0)


def test_a_run_that_was_never_sound_is_given_up(tmp_path):
    with pytest.raises(
        CafiError, match="The run is lost: its validation is no number at step 2; lower the recipe's rate"
    ):
        _run(tmp_path, [math.nan])
