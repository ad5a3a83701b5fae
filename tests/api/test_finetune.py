"""Fine-tuning from start to end, with a network so small that it learns within seconds."""

import json
import os
import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import cafi
from cafi.api.finetune import BASE, TUNED
from cafi.api.models import describe_model
from cafi.errors import CafiError
from cafi.finetuning import fitting, tuning
from cafi.interpolators import registry
from cafi.interpolators.weights import load_card, load_weights, save_weights
from tests.finetuning.helpers import noisy, tiny_weights, write


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Learn fast, and judge often."""
    monkeypatch.setattr(tuning, "RATE", 1e-2)
    monkeypatch.setattr(fitting, "FEWEST", 1)
    monkeypatch.setattr(fitting, "MOST", 5)


@pytest.fixture
def movie(tmp_path):
    return write(tmp_path / "cells.tif", noisy())


def _tune(movie, tmp_path, out="model", **changes):
    tmp_path.joinpath("tiny.safetensors").exists() or tiny_weights(tmp_path)
    options = {"weights": tmp_path / "tiny.safetensors", "precision": "float32", "device": "cpu", "steps": 15} | changes
    return cafi.finetune(movie, tmp_path / out, **options)


def test_a_network_gets_better_on_what_it_was_not_shown(movie, tmp_path):
    checks = []
    made = _tune(movie, tmp_path, steps=100, on_check=checks.append)
    assert made.improved
    assert made.gain == pytest.approx(max(c["gain"] for c in checks), abs=1e-5)
    assert made.gain > 0.3
    assert load_card(tmp_path / "model").usual == {}  # what the base model was trained on says nothing of these weights
    assert made.step == max(checks, key=lambda c: c["gain"])["step"]
    before, after = made.mean(BASE), made.mean(TUNED)
    assert after["psnr"] - before["psnr"] > 0.3
    assert {s.method for s in made.scores} == {BASE, TUNED, "linear", "optical_flow"}
    assert {s.frames for s in made.scores} == {4}  # 19 to 22 of 24: the last has no frame after it
    # The scores are those of the weights as they lie there.
    stored = registry.get("kymo", tmp_path / "model")
    best = load_file(tmp_path / "model" / "work" / "best.safetensors")
    for name, value in stored.network.state_dict().items():
        assert torch.allclose(value, best[name].half().float())


def test_the_card_says_how_it_was_made(movie, tmp_path):
    made = _tune(movie, tmp_path, seed=5)
    card = load_card(tmp_path / "model")
    told = card.recipe["finetuned"]
    assert card.method == "kymo"
    assert card.seed == 5
    assert card.steps == made.step
    assert told["base"]["sha256"] == load_card(tmp_path / "tiny.safetensors").sha256
    assert told["movies"][0]["name"] == "cells.tif"
    assert told["movies"][0]["split"]["test"]["targets"] == [19, 24]
    assert card.metrics["validation_gain"] == made.gain
    assert card.metrics[f"test_{TUNED}"] == pytest.approx(made.mean(TUNED))
    assert card.metrics["simulation"] == pytest.approx(made.general)
    record = json.loads((tmp_path / "model" / "finetune.json").read_text())
    assert record["scores"][0]["psnr"] == made.scores[0].psnr
    assert describe_model(str(tmp_path / "model"))["sha256"] == card.sha256


def test_a_run_uses_the_tuned_weights(movie, tmp_path):
    _tune(movie, tmp_path)

    def interpolated(weights, name):
        cafi.interpolate(movie, tmp_path / name, weights=weights, device="cpu", checks=False)
        with cafi.read(tmp_path / name) as made:
            return made.frame(1, 0).astype(float), made.header.provenance

    tuned, provenance = interpolated(str(tmp_path / "model"), "tuned.ome.tif")
    base, _ = interpolated(str(tmp_path / "tiny.safetensors"), "base.ome.tif")
    card, tensors = load_weights(tmp_path / "model")
    assert json.dumps(provenance).count(card.sha256)
    assert np.abs(tuned - base).max() > 1
    tensors["synthesis.mix.bias"] += 1.0
    save_weights(tmp_path / "changed.safetensors", tensors, card)
    changed, _ = interpolated(str(tmp_path / "changed.safetensors"), "changed.ome.tif")
    assert np.abs(tuned - changed).max() > 1


def test_the_base_model_stays_where_nothing_is_gained(movie, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "RATE", 0.0)
    made = _tune(movie, tmp_path, steps=4)
    assert not made.improved
    assert load_card(tmp_path / "model").usual == load_card(tmp_path / "tiny.safetensors").usual != {}
    assert (made.gain, made.step) == (0.0, 0)
    assert TUNED not in {s.method for s in made.scores}
    base, kept = load_weights(tmp_path / "tiny.safetensors")[1], load_weights(tmp_path / "model")[1]
    assert all(torch.equal(base[name], kept[name]) for name in base)


def test_a_run_goes_on_where_it_was_and_only_with_the_same(movie, tmp_path, monkeypatch):
    with monkeypatch.context() as hurried:
        hurried.setattr("cafi.finetuning.examination.SECONDS", 0.0)
        first = _tune(movie, tmp_path, steps=6)
    asked = tmp_path / "model" / "work" / "asked.json"
    assert asked.read_text() == "4"  # as few as may be: there was no time
    more = _tune(movie, tmp_path, steps=12, resume=True)
    assert (first.steps, more.steps) == (6, 12)
    assert more.minutes > first.minutes
    assert more.gain >= first.gain
    assert asked.read_text() == "4"
    with pytest.raises(CafiError, match="give --resume to go on with it, --overwrite to replace it"):
        _tune(movie, tmp_path)
    with pytest.raises(CafiError, match="holds a run with other movies, options or base model"):
        _tune(movie, tmp_path, resume=True, seed=3)
    assert _tune(movie, tmp_path, overwrite=True, steps=3).steps == 3


@pytest.mark.parametrize("name", ["work/notes.txt", "kymo.json", "finetune.json"])
def test_what_is_no_model_is_not_replaced(movie, tmp_path, name):
    mine = tmp_path / "model" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("precious")
    with pytest.raises(CafiError, match=rf"{name.split('/')[0]} exists already and is no result of cafi's"):
        _tune(movie, tmp_path, overwrite=True)
    assert mine.read_text() == "precious"


def test_ctrl_c_keeps_the_best_so_far(movie, tmp_path):
    def press(figures):
        if figures["step"] >= 10:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        _tune(movie, tmp_path, steps=100, on_check=press)
    card = load_card(tmp_path / "model")
    assert card.steps > 0
    assert card.metrics["validation_gain"] > 0
    made = _tune(movie, tmp_path, steps=card.steps + 5, resume=True)
    assert made.gain >= card.metrics["validation_gain"]


def test_time_counts_over_all_runs(movie, tmp_path):
    _tune(movie, tmp_path, steps=None, minutes=0.02)
    short = _tune(movie, tmp_path, steps=None, minutes=0.02, resume=True)
    assert 0.02 <= short.minutes < 0.2
    longer = _tune(movie, tmp_path, steps=None, minutes=short.minutes + 0.05, resume=True)
    assert longer.minutes >= short.minutes + 0.05
    assert longer.steps > short.steps


def test_several_movies_of_other_kinds(movie, tmp_path):
    folder = tmp_path / "more"
    folder.mkdir()
    write(folder / "floats.tif", noisy(9, 64, 256, seed=1).astype(np.float32))
    write(folder / "short.tif", noisy(3))
    (folder / "notes.txt").write_text("no movie")
    made = _tune([movie, folder], tmp_path, steps=5)
    assert {s.movie for s in made.scores} == {"cells.tif", "floats.tif"}
    assert list(made.failed) == [str(folder / "short.tif")]
    assert "has 3 frames along time, too few" in made.failed[str(folder / "short.tif")]
    assert made.skipped == (f"{folder / 'notes.txt'} is no movie and was skipped.",)


def test_simulation_can_be_mixed_in(movie, tmp_path, monkeypatch):
    drawn = []
    proper = tuning.RecipeLessons.begin

    def begin(self, device, seed):
        for windows in proper(self, device, seed):
            drawn.append(windows.frames.shape)
            yield windows

    monkeypatch.setattr(tuning.RecipeLessons, "begin", begin)
    _tune(movie, tmp_path, keep_general=True, steps=20)
    assert 1 <= len(drawn) <= 12  # of 20, a quarter is expected
    drawn.clear()
    _tune(movie, tmp_path, "other", steps=5)
    assert not drawn


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "linear"}, "linear is a classical method and learns nothing; take kymo"),
        ({"method": "kimo"}, "There is no method 'kimo'"),
        ({"channels": "3"}, "has no channel '3'; it has 0"),
        ({"memory": "lots"}, "'lots' is no amount of memory"),
        ({"minutes": 0}, "minutes"),
        ({"speed": 2}, "There is no option 'speed'"),
        ({"weights": "nowhere.safetensors"}, "there is no such file of weights"),
    ],
)
def test_wrong_wishes_are_refused_in_a_sentence(movie, tmp_path, changes, sentence):
    with pytest.raises(CafiError, match=sentence):
        _tune(movie, tmp_path, **changes)
    assert not (tmp_path / "model").exists()


def test_a_movie_too_short_alone_is_refused(tmp_path):
    short = write(tmp_path / "short.tif", noisy(4))
    with pytest.raises(CafiError, match=r"short\.tif has 4 frames along time, too few to learn from: it takes 5\.$"):
        _tune(short, tmp_path)
