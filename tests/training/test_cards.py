import json

import pytest

from cafi.interpolators.weights import load_weights
from cafi.training.cards import data_in_words, write_result
from cafi.training.checkpoints import Progress
from cafi.training.losses import expected_psnr
from cafi.training.recipes import DataRecipe, Recipe
from cafi.training.trainees import make_trainee
from tests.training.helpers import SIZES, tiny_recipe


def test_the_card_says_all_of_the_run(tmp_path):
    trainee = make_trainee("kymo", SIZES, {}, 0)
    path = tmp_path / "mine.safetensors"
    card = write_result(
        path, trainee.network, trainee.architecture, tiny_recipe(), Progress(step=9, seconds=5400), {"score": -6.51239}
    )
    assert load_weights(path)[0] == card
    assert (card.method, card.name, card.seed, card.steps, card.hours) == ("kymo", "mine", 3, 9, 1.5)
    assert card.architecture == SIZES
    assert card.metrics == {"score": -6.5124}
    assert card.recipe["data"]["side"] == 48
    assert set(card.made_with) == {"cafi", "torch"}
    assert json.loads((tmp_path / "mine.json").read_text())["sha256"] == card.sha256


def test_the_data_in_words():
    def words(**data):
        return data_in_words(Recipe("kymo", data=DataRecipe(**data)))

    assert words() == "simulated microscopy"
    both = words(recorded="a/video", share_recorded=0.3)
    assert both == "70 % simulated microscopy, 30 % windows of the movies in a/video"
    assert words(recorded="a/video", share_recorded=1.0) == "100 % windows of the movies in a/video"


def test_score_in_decibels():
    # A mean square error of 0.001 for data of range 1 is 30 dB.
    assert expected_psnr(-6.907755) == pytest.approx(30, abs=1e-5)
