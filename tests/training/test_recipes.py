from pathlib import Path

import pytest

from cafi.errors import CafiError
from cafi.training.recipes import read_recipe
from cafi.training.trainees import make_trainee

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_every_recipe_of_the_project_can_be_cooked(path):
    recipe = read_recipe(path)
    trainee = make_trainee(recipe.network, recipe.architecture, recipe.losses)
    assert recipe.data.crop % trainee.multiple == 0
    assert recipe.data.crop <= recipe.data.side


def test_defaults_and_values(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('network = "kymo"\n[data]\nstrides = [2, 5]\n[optimisation]\nrate = 1\n')
    recipe = read_recipe(path)
    assert recipe.data.strides == (2, 5)
    assert recipe.optimisation.rate == 1.0
    assert recipe.optimisation.batch == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must name its network"),
        ('network = "kymo"\ncolour = 3', "no 'colour' in a recipe"),
        ('network = "kymo"\n[optimisation]\nsteps = "many"', "optimisation.steps cannot be 'many'"),
        ('network = "kymo"\n[data]\nstrides = []', "data.strides cannot be"),
        ("network = ", "not valid TOML"),
    ],
)
def test_a_wrong_recipe_is_refused_in_one_sentence(tmp_path, text, message):
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(CafiError, match=message):
        read_recipe(path)


def test_a_recipe_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(CafiError, match=r"nowhere\.toml: there is no such file; check the name\."):
        read_recipe(tmp_path / "nowhere.toml")


def test_unknown_networks_and_sizes_are_refused():
    with pytest.raises(CafiError, match="no network 'kino' to train; there are kymo"):
        make_trainee("kino", {}, {})
    with pytest.raises(CafiError, match="no such architecture: girth"):
        make_trainee("kymo", {"girth": 2}, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[architecture]\nnear = 0", "every size of the architecture"),
        ("[architecture]\nnear = 2.5", "every size of the architecture"),
        ('[data]\nrecorded = "a"\nshare_recorded = 1.5', "share_recorded must lie between 0 and 1"),
        ("[data]\nshare_recorded = 0.5", "needs data.recorded"),
        ("[data]\nkept_back = 1.0", "kept_back must lie"),
        ("[data]\nkept_back_movies = -1", "kept_back_movies must not"),
        ("[data]\nstrides = [1, 2]", "strides must be 2 or more"),
        ("[data]\ncoarsest = 0.0", "coarsest must lie"),
        ("[data]\ncrop = 256", "at most data.side"),
        ("[data]\nfresh = 0", "fresh must be at least 1"),
        ("[optimisation]\nbatch = 0", "must be at least 1"),
        ("[optimisation]\nrate = 0", "rate and clip must be above 0"),
        ("[optimisation]\naverage = 1.0", "average must lie"),
        ("[optimisation]\npatience = -1", "patience must not be negative"),
        ("[optimisation]\nsteps = true", "steps cannot be True"),
    ],
)
def test_values_with_which_no_run_can_work_are_refused(tmp_path, text, message):
    path = tmp_path / "r.toml"
    path.write_text(f'network = "kymo"\n{text}\n')
    with pytest.raises(CafiError, match=message) as refusal:
        read_recipe(path)
    assert str(path) in str(refusal.value)
