import pytest
import torch
from torch import nn

from cafi.errors import CafiError
from cafi.interpolators.weights import load_weights
from cafi.training.cards import write_result
from cafi.training.checkpoints import Progress, load_checkpoint, save_checkpoint
from cafi.training.optimisers import make_optimiser
from cafi.training.piece import Piece
from cafi.training.recipes import Optimisation
from cafi.training.schedule import move_average
from cafi.training.trainees import make_trainee
from tests.training.helpers import SIZES, tiny_recipe


def test_every_part_has_its_own_factor():
    network = nn.ModuleDict({"first": nn.Linear(2, 3), "last": nn.Linear(3, 1)})
    made = make_optimiser(Optimisation(optimiser="adamax", factors={"first": 0.01}), network)
    assert isinstance(made, torch.optim.Adamax)
    assert {g["factor"]: sum(p.numel() for p in g["params"]) for g in made.param_groups} == {0.01: 9, 1.0: 4}
    assert isinstance(make_optimiser(Optimisation(), network), torch.optim.AdamW)
    with pytest.raises(CafiError, match=r"No parameter of the network is named middle\.\.\."):
        make_optimiser(Optimisation(factors={"middle": 0.5}), network)


def test_the_rate_falls_where_nothing_is_gained_and_factors_follow(tmp_path, monkeypatch):
    recipe = tiny_recipe(steps=100, warm_up=0, cool_down=0, plateau=2, fall=0.5, factors={"near": 0.1}, rate=1e-3)
    piece = Piece(recipe, make_trainee("kymo", SIZES, {}, 3), tmp_path, tmp_path, "float32", tensorboard=False)
    losses = iter([5.0, 4.0, 4.5, 4.5, 3.0, 3.5, 3.5, 3.5, 3.5])
    monkeypatch.setattr(piece, "validate", lambda: {"loss": next(losses)})
    falls = []
    for _ in range(9):
        piece.check()
        falls.append(piece.progress.falls)
    assert falls == [0, 0, 0, 1, 1, 1, 2, 2, 3]
    piece.step()
    rates = {group["factor"]: group["lr"] for group in piece.optimiser.param_groups}
    assert rates == pytest.approx({0.1: 1e-4 / 8, 1.0: 1e-3 / 8})


def test_statistics_of_batches_are_averaged_kept_and_counted_beyond_half_precision(tmp_path):
    network, average = nn.BatchNorm2d(2), nn.BatchNorm2d(2)
    network.running_mean.fill_(3.0)
    network.num_batches_tracked.fill_(1_000_000)
    move_average(average, network, 0.75)
    assert average.running_mean.tolist() == [0.75, 0.75]
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, network, average, Progress())
    again = nn.BatchNorm2d(2)
    load_checkpoint(path, again, average)
    assert again.num_batches_tracked == 1_000_000
    assert again.running_mean.tolist() == [3.0, 3.0]
    write_result(tmp_path / "w.safetensors", network, {}, tiny_recipe(), Progress(), {})
    assert load_weights(tmp_path / "w.safetensors")[1]["num_batches_tracked"] == 1_000_000
