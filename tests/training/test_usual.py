"""A trained network knows what the features of its training windows are like."""

import statistics

import torch

from cafi.interpolators.kymo.likeness import Likeness
from cafi.training.data import RecipeLessons
from cafi.training.trainee_kymo import window_of
from cafi.training.trainees import make_trainee
from cafi.training.usual import usual_features
from tests.training.helpers import SIZES, tiny_recipe


def test_unseen_windows_of_the_recipe_are_usual_and_others_are_not(tmp_path):
    recipe = tiny_recipe()
    network = make_trainee("kymo", SIZES, {}, 3).network
    likeness = Likeness.known(usual_features(network, recipe, tmp_path, 400), SIZES["near"])
    unseen = RecipeLessons(recipe, tmp_path).begin(torch.device("cpu"), 99)
    windows = [window_of(next(unseen)) for _ in range(100)]
    told = [t for w in windows for t in likeness.strangeness(network(w).features.mean((2, 3))).tolist()]
    assert sum(t > 1 for t in told) < 0.06 * len(told)
    assert 0.1 < statistics.median(told) < 0.8
    far = 5 * network(windows[0]).features.mean((2, 3)) + 1
    assert bool((likeness.strangeness(far) > 1).all())


def test_other_networks_tell_no_features(tmp_path):
    network = make_trainee("zooming-slowmo", {"features": 8, "groups": 2, "front": 1, "back": 1}, {}, 0).network
    assert usual_features(network, tiny_recipe(), tmp_path) == {}
