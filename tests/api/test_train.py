import json

import pytest
import torch

import cafi
from cafi.api.models import describe_model
from cafi.errors import CafiError
from cafi.interpolators.kymo.method import KymoMethod
from cafi.interpolators.weights import load_card, load_weights
from tests.helpers import run_cafi
from tests.training.helpers import SIZES, TINY_TOML


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_TOML)
    return path


def test_a_recipe_becomes_weights_that_the_method_can_use(recipe, tmp_path):
    trained = cafi.train(recipe, tmp_path / "out", precision="float32")
    assert trained.step == trained.steps == 4
    card, tensors = load_weights(trained.weights)
    assert card.method == "kymo"
    assert card.recipe["optimisation"]["steps"] == 4
    assert card.metrics["score"] == pytest.approx(trained.figures["score"], abs=1e-4)
    assert "simulated microscopy" in card.training_data
    method = KymoMethod(trained.weights)
    frames = torch.rand(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    times = torch.tensor([[-1.0, 0, 1, 2]]).expand(2, -1)
    said = method.predict(frames, times, torch.tensor([0.5, 0.25]), torch.ones(2, 4).bool())
    assert said.mean.shape == said.scale.shape == (2, 3, 32, 32)
    assert said.motion.shape == (2, 2, 2, 32, 32)
    assert said.strangeness.shape == (2, 3)
    alone = method.predict(frames[1:, :, 2:], times[1:], torch.tensor([0.25]), torch.ones(1, 4).bool())
    assert torch.allclose(alone.mean[0, 0], said.mean[1, 2], atol=1e-5)
    assert describe_model(str(trained.weights))["sha256"] == card.sha256
    assert sum(v.numel() for v in tensors.values()) > 1000


def test_a_run_that_is_not_done_does_not_say_what_is_usual(recipe, tmp_path):
    assert load_card(cafi.train(recipe, tmp_path / "out", minutes=0).weights).usual == {}
    assert len(load_card(cafi.train(recipe, tmp_path / "out").weights).usual["mean"]) == SIZES["near"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("crop = 32", "crop = 30"), "data.crop must be a multiple of 32"),
        (("side = 48", "side = 24"), "at most data.side"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(recipe, tmp_path, change, message):
    recipe.write_text(recipe.read_text().replace(*change))
    with pytest.raises(CafiError, match=message):
        cafi.train(recipe, tmp_path / "out")


@pytest.mark.parametrize("name", ["tiny.safetensors", "tiny.json", "history.jsonl"])
def test_what_no_run_has_written_is_not_replaced(recipe, tmp_path, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("precious")
    with pytest.raises(CafiError, match=rf"{name} exists already, without a checkpoint to go on from"):
        cafi.train(recipe, tmp_path / "out")
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == ["precious"]


def test_models_are_described():
    assert describe_model("linear")["weights"] == "none: a classical method"
    with pytest.raises(CafiError, match="no method 'kyno'"):
        describe_model("kyno")
    with pytest.raises(CafiError, match="no such file of weights"):
        describe_model("none.safetensors")


def test_the_commands_answer_wrong_input_with_one_sentence(tmp_path):
    for arguments in (["train", "none.toml", "-o", "out"], ["models", "show", "none.safetensors"]):
        done = run_cafi(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    shown = run_cafi("models", "show", "optical_flow", "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["name"] == "optical_flow"
