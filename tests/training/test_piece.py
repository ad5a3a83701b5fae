"""What a piece of a run does at its beginning, in bad steps and on Ctrl-C."""

import math
import os
import signal

import pytest
import torch

from cafi.errors import CafiError
from cafi.interpolators.weights import load_weights
from cafi.training.cards import write_result
from cafi.training.checkpoints import Progress
from cafi.training.loop import train
from cafi.training.piece import LOST, Piece
from cafi.training.trainees import make_trainee
from tests.training.helpers import SIZES, tiny_recipe


def _piece(out, recipe, trainee=None):
    return Piece(recipe, trainee or make_trainee("kymo", SIZES, {}, 3), out, out, "float32", tensorboard=False)


def _weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_first_weights_follow_the_recipes_seed_and_leave_torch_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (_weights(make_trainee("kymo", SIZES, {}, seed).network) for seed in (1, 1, 2))
    assert torch.rand(1) == expected
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_average_follows_the_recursion_over_several_steps(tmp_path):
    piece = _piece(tmp_path, tiny_recipe(average=0.1))
    expected = _weights(piece.average)
    for step in (1, 2, 3):
        piece.step()
        decay = min(0.1, step / (step + 10))
        expected = decay * expected + (1 - decay) * _weights(piece.network)
    assert torch.allclose(_weights(piece.average), expected, atol=1e-6)
    assert not torch.allclose(_weights(piece.average), _weights(piece.network), atol=1e-6)


def test_a_single_lost_step_changes_nothing_and_the_run_goes_on(tmp_path):
    trainee = make_trainee("kymo", SIZES, {}, 3)
    proper = trainee.losses
    piece = _piece(tmp_path, tiny_recipe(steps=50), trainee)
    before = _weights(piece.network)
    trainee.losses = lambda network, seen: {name: part * math.inf for name, part in proper(network, seen).items()}
    piece.step()
    assert torch.equal(_weights(piece.network), before)
    assert piece.lost == 1
    trainee.losses = proper
    piece.step()
    assert not torch.equal(_weights(piece.network), before)
    assert _weights(piece.network).isfinite().all()
    assert piece.lost == 0


def test_lost_steps_in_a_row_end_the_run(tmp_path):
    trainee = make_trainee("kymo", SIZES, {}, 3)
    trainee.losses = lambda network, seen: {
        "score": _weights(network).sum() * 0 + sum(p.sum() for p in network.parameters()) * math.nan
    }
    piece = _piece(tmp_path, tiny_recipe(steps=50), trainee)
    for _ in range(LOST - 1):
        piece.step()
    with pytest.raises(CafiError, match="no finite number in 20 steps in a row, up to step 20"):
        piece.step()


def test_a_gradient_far_from_usual_changes_nothing(tmp_path):
    piece = _piece(tmp_path, tiny_recipe(steps=50))
    piece.step()
    before, usual = _weights(piece.network).clone(), piece.usual
    proper = piece._gradients
    piece._gradients = lambda: (proper()[0], 5.1 * usual)
    piece.step()
    assert torch.equal(_weights(piece.network), before)
    assert piece.lost == 0
    assert usual < piece.usual < 1.1 * usual
    piece._gradients = lambda: (0.0, 5.1 * usual)
    for _ in range(100):  # what lasts becomes usual
        piece.step()
    assert piece.usual > 0.9 * 5.1 * usual / 1.02


def test_accumulated_gradients_are_those_of_one_larger_batch(tmp_path):
    def gradient(accumulate):
        trainee = make_trainee("kymo", SIZES, {}, 3)
        piece = _piece(tmp_path / str(accumulate), tiny_recipe(accumulate=accumulate, clip=1e9), trainee)
        given = next(piece.windows)
        piece.windows = iter([given] * accumulate)
        piece._gradients()
        return torch.cat([p.grad.flatten() for p in piece.network.parameters() if p.grad is not None])

    assert torch.allclose(gradient(1), gradient(3), rtol=1e-3, atol=1e-6)


def test_ctrl_c_ends_the_step_at_work_and_leaves_a_checkpoint(tmp_path):
    def press(progress):
        if progress.step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_recipe(), make_trainee("kymo", SIZES, {}, 3), tmp_path, tmp_path, precision="float32", on_step=press)
    piece = _piece(tmp_path, tiny_recipe())
    assert piece.progress.step == 2
    assert piece.progress.pieces == 2


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path):
    _piece(tmp_path, tiny_recipe()).save()
    # With tensors that fit, only what the checkpoint says of its recipe can tell.
    other = make_trainee("kymo", SIZES, {}, 3)
    other.architecture = SIZES | {"near": 12}
    with pytest.raises(CafiError, match="it belongs to another; choose another folder"):
        _piece(tmp_path, tiny_recipe(), other)


def test_a_run_can_begin_with_weights(tmp_path):
    trainee = make_trainee("kymo", SIZES, {}, 8)
    figures = {"score": -2.0}
    write_result(
        tmp_path / "first.safetensors", trainee.network, trainee.architecture, tiny_recipe(), Progress(), figures
    )
    recipe = tiny_recipe()
    object.__setattr__(recipe, "start_from", "../first.safetensors")
    (tmp_path / "run").mkdir()
    piece = _piece(tmp_path / "run", recipe)
    expected = torch.cat(
        [load_weights(tmp_path / "first.safetensors")[1][n].flatten() for n, _ in trainee.network.named_parameters()]
    )
    assert torch.equal(_weights(piece.network), expected)
    assert torch.equal(_weights(piece.average), expected)
    with pytest.raises(CafiError, match="weights of another architecture"):
        _piece(tmp_path / "run", recipe, make_trainee("kymo", SIZES | {"near": 12}, {}, 3))
