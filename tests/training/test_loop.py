import json
import math

import pytest
import torch

from cafi.errors import CafiError
from cafi.training.loop import train
from cafi.training.recipes import Optimisation
from cafi.training.schedule import move_average, share_of_rate
from cafi.training.trainees import make_trainee
from tests.training.helpers import SIZES, tiny_recipe


def _run(recipe, out, **options):
    torch.manual_seed(0)
    return train(recipe, make_trainee("kymo", SIZES, {}), out, out, precision="float32", **options)


def test_it_learns(tmp_path):
    recipe = tiny_recipe(steps=60, batch=8, average=0.8, rate=3e-3, validate_every=30)
    _, _, before = _run(recipe, tmp_path, seconds=0)
    _, progress, after = _run(recipe, tmp_path)
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert progress.step == 60
    assert [line["step"] for line in history] == [30, 60]
    assert after["loss"] < before["loss"] - 0.1


def test_the_same_seed_gives_the_same_weights(tmp_path):
    first, _, _ = _run(tiny_recipe(), tmp_path / "a")
    second, _, _ = _run(tiny_recipe(), tmp_path / "b")
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_a_run_goes_on_where_it_was(tmp_path):
    _run(tiny_recipe(steps=3), tmp_path)
    seen = []
    _, progress, _ = _run(tiny_recipe(steps=5), tmp_path, on_step=lambda p: seen.append(p.step))
    assert seen == [4, 5]
    assert progress.pieces == 2


def test_time_that_is_up_ends_a_piece(tmp_path):
    _, progress, _ = _run(tiny_recipe(steps=1000), tmp_path, seconds=0)
    assert progress.step == 0
    assert (tmp_path / "checkpoint.safetensors").exists()


def test_an_interrupted_run_leaves_its_checkpoint(tmp_path):
    def stop(progress):
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(tiny_recipe(), tmp_path, on_step=stop)
    seen = []
    _run(tiny_recipe(), tmp_path, on_step=lambda p: seen.append(p.step))
    assert seen == [3, 4, 5, 6]


def test_it_stops_early_when_nothing_is_gained(tmp_path):
    # Without any learning the validation never improves after the first.
    _, progress, _ = _run(tiny_recipe(steps=100, rate=0.0, validate_every=1, patience=3), tmp_path)
    assert progress.step == 4


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    trainee = make_trainee("kymo", SIZES, {})
    trainee.losses = lambda network, windows: {"score": sum(p.sum() for p in network.parameters()) * math.nan}
    with pytest.raises(CafiError, match="lower the recipe's rate"):
        train(tiny_recipe(steps=100, validate_every=1000), trainee, tmp_path, tmp_path, precision="float32")
    assert all(p.isfinite().all() for p in trainee.network.parameters())


def test_the_rate_warms_up_stays_and_cools_down():
    how = Optimisation(steps=100, warm_up=10, cool_down=20)
    assert [share_of_rate(how, s, 0) for s in (0, 4, 9, 50, 80, 90, 99)] == pytest.approx(
        [0.1, 0.5, 1, 1, 1, 0.5, 0.05]
    )
    assert share_of_rate(how, 50, 50) == pytest.approx(0.1)  # a resumed piece warms up again


def test_average_follows_the_recursion():
    kept, new = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    expected = 0.9 * kept.weight + 0.1 * new.weight
    move_average(kept, new, 0.9)
    assert torch.allclose(kept.weight, expected)


def test_bfloat16_trains_like_float32(tmp_path):
    def loss(precision):
        out = tmp_path / precision
        return train(tiny_recipe(steps=4), make_trainee("kymo", SIZES, {}, 3), out, out, precision=precision)[2]["loss"]

    assert loss("bfloat16") == pytest.approx(loss("float32"), abs=0.02)
