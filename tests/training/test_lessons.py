"""What a network learns from can be exchanged, and it decides how good the network is."""

import torch

from cafi.training.data import RecipeLessons
from cafi.training.loop import train
from cafi.training.trainees import make_trainee
from tests.training.helpers import SIZES, tiny_recipe


class Own:
    """Windows of the recipe, and a judgement that gets worse with every step."""

    def __init__(self, recipe, folder):
        self._recipe = RecipeLessons(recipe, folder)
        self.drawn, self.judged = 0, []

    def begin(self, device, seed):
        for windows in self._recipe.begin(device, seed):
            self.drawn += 1
            yield windows

    def judge(self, trainee, network, step):
        assert trainee.architecture == SIZES
        assert isinstance(network, torch.nn.Module)
        self.judged.append(step)
        return {"loss": step / 100, "mine": 2.0 * step}


def test_a_run_learns_from_what_it_is_given_and_stops_when_that_says_so(tmp_path):
    recipe = tiny_recipe(steps=40, validate_every=2, patience=3)
    own, checks = Own(recipe, tmp_path), []
    _, progress, figures = train(
        recipe,
        make_trainee("kymo", SIZES, {}, 3),
        tmp_path,
        tmp_path,
        precision="float32",
        lessons=own,
        cpu=True,
        on_check=checks.append,
    )
    assert progress.step == own.drawn == 8  # the first judgement is the best, three are worse
    assert own.judged == [2, 4, 6, 8, 8]
    assert figures == {"loss": 0.08, "mine": 16.0}
    assert [c["mine"] for c in checks] == [4.0, 8.0, 12.0, 16.0]
    assert progress.loss == checks[-1]["training_loss"]
