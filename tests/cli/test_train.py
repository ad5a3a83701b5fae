"""``cafi train`` and ``cafi models show``, as they are typed."""

import json
import os
import signal

import pytest

from cafi.cli import build_app
from cafi.cli.running import run
from tests.training.helpers import TINY_TOML


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_TOML)
    return path


def answer(capsys, *argv):
    code = run(build_app(), [str(a) for a in argv])
    said = capsys.readouterr()
    return code, said.out, said.err.replace("\n", " ")


def test_a_recipe_is_trained_shown_and_prolonged(capsys, recipe, tmp_path):
    out = tmp_path / "out"
    code, printed, said = answer(capsys, "train", recipe, "-o", out, "--precision", "float32", "--json")
    trained = json.loads(printed)
    assert code == 0
    assert (trained["step"], trained["steps"]) == (4, 4)
    assert "step 2: loss" in said
    assert "step 4: loss" in said
    code, printed, _ = answer(capsys, "models", "show", trained["weights"], "--json")
    card = json.loads(printed)
    assert code == 0
    assert card["architecture"]["near"] == 8
    assert card["metrics"]["expected_psnr"] == pytest.approx(trained["figures"]["expected_psnr"], abs=1e-3)
    code, printed, _ = answer(capsys, "models", "show", trained["weights"])
    assert code == 0
    assert card["sha256"] in "".join(printed.replace("│", " ").split())
    recipe.write_text(recipe.read_text().replace("steps = 4", "steps = 6"))
    code, _, said = answer(capsys, "train", recipe, "-o", out, "--precision", "float32")
    assert code == 0
    assert "6 of 6 steps" in said
    assert str(out / "tiny.json") in said


def test_ctrl_c_says_that_the_same_command_goes_on(capsys, recipe, tmp_path, monkeypatch):
    from cafi.training.piece import Piece

    monkeypatch.setattr(
        Piece, "check", lambda piece: os.kill(os.getpid(), signal.SIGINT) or dict.fromkeys(FIGURES, 0.0)
    )
    code, _, said = answer(capsys, "train", recipe, "-o", tmp_path / "out", "--precision", "float32")
    assert code == 130
    assert "the same command goes on" in said
    assert (tmp_path / "out" / "checkpoint.safetensors").exists()
    assert not (tmp_path / "out" / "tiny.safetensors").exists()


FIGURES = ("step", "loss", "expected_psnr")


def test_wrong_input_is_one_sentence(capsys, recipe, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    other = tmp_path / "other"
    other.mkdir()
    (other / "tiny.safetensors").write_text("somebody's own")
    own = recipe.with_name("checkpoint.toml")
    own.write_text(TINY_TOML)
    for argv, expected in (
        (("train", "none.toml", "-o", "out"), "none.toml: there is no such file"),
        (("train", recipe, "-o", file), "is a file; name a folder"),
        (("train", recipe, "-o", file / "below"), f"{file} is no folder, and none can be made"),
        (("train", recipe, "-o", other), "exists already, without a checkpoint"),
        (("train", own, "-o", tmp_path / "x"), "rename it"),
        (("train", recipe, "-o", tmp_path / "x", "--minutes", "-1"), "cannot last -1.0 minutes"),
        (("train", recipe, "-o", tmp_path / "x", "--precision", "float8"), "float8"),
        (("train", recipe), "--out"),
        (("models", "show", "kyno"), "There is no method 'kyno'"),
        (("models", "show", tmp_path / "none.safetensors"), "no such file of weights"),
        (("models", "show", other / "tiny.safetensors"), "model card tiny.json is missing or damaged"),
    ):
        code, out, said = answer(capsys, *argv)
        assert (code, out) == (2, ""), argv
        assert expected in said
        assert said.startswith("cafi: ")
    assert (other / "tiny.safetensors").read_text() == "somebody's own"


def test_classical_methods_have_no_weights(capsys):
    code, out, _ = answer(capsys, "models", "show", "linear")
    assert code == 0
    assert "none: a classical method" in out
