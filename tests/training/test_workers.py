"""Windows that other processes make are those that this one would have made."""

import itertools

import pytest
import torch

from cafi.api.train import train
from cafi.errors import CafiError
from cafi.interpolators.kymo.guess import guess_velocity
from cafi.training.data import RecipeLessons
from cafi.training.trainee_kymo import guessed, window_of
from cafi.training.trainees import make_trainee
from cafi.training.workers import APART, Workers
from tests.training.helpers import SIZES, TINY_TOML, tiny_recipe

CPU = torch.device("cpu")


def test_workers_take_turns_with_windows_of_seeds_of_their_own(tmp_path):
    recipe = tiny_recipe()
    made = list(itertools.islice(Workers(recipe, tmp_path, 2).begin(CPU, 5), 4))
    halved = tiny_recipe()
    object.__setattr__(halved.data, "reservoir", recipe.data.reservoir // 2)
    for worker in (0, 1):
        own = RecipeLessons(halved, tmp_path).begin(CPU, 5 + APART * worker)
        for windows in made[worker::2]:
            expected = next(own)
            assert torch.equal(windows.frames, expected.frames)
            assert torch.equal(windows.truth, expected.truth)
            assert torch.equal(windows.guess, guess_velocity(window_of(expected)))
    assert not torch.equal(made[0].frames, made[1].frames)


def test_a_guess_made_beforehand_is_the_networks_own(tmp_path):
    windows = next(RecipeLessons(tiny_recipe(), tmp_path).begin(CPU, 5))
    trainee = make_trainee("kymo", SIZES, {}, 3)
    own, given = (trainee.losses(trainee.network, w) for w in (windows, guessed(windows)))
    assert own == given
    wrong = guessed(windows).guess + 3
    object.__setattr__(windows, "guess", wrong)
    assert trainee.losses(trainee.network, windows)["score"] != own["score"]


def test_a_recipe_is_trained_with_workers(tmp_path):
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY_TOML)
    alone = train(recipe, tmp_path / "alone", precision="float32")
    made = train(recipe, tmp_path / "out", precision="float32", workers=1)
    assert made.step == 4
    assert made.figures == pytest.approx(alone.figures, abs=1e-4)


def test_a_negative_number_of_workers_is_refused(tmp_path):
    with pytest.raises(CafiError, match="There cannot be -1 workers"):
        train(tmp_path / "tiny.toml", tmp_path / "out", workers=-1)
