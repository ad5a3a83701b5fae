"""``cafi finetune``, as it is typed."""

import json

import pytest

from cafi.finetuning import fitting, tuning
from tests.cli.test_train import answer
from tests.finetuning.helpers import noisy, tiny_weights, write


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(tuning, "RATE", 1e-2)
    monkeypatch.setattr(fitting, "FEWEST", 1)
    monkeypatch.setattr(fitting, "MOST", 4)


@pytest.fixture
def told(tmp_path):
    """What every run is told."""
    movie, weights = write(tmp_path / "cells.tif", noisy()), tiny_weights(tmp_path)
    return ["finetune", movie, "-o", tmp_path / "model", "--weights", weights, "--device", "cpu"]


def test_a_model_is_made_and_used(capsys, told, tmp_path):
    code, printed, said = answer(capsys, *told, "--steps", "12")
    assert code == 0
    assert "over the base model on validation (best" in said
    assert "Fine-tuned over base model: +" in said
    assert "On simulated movies, which it was not tuned to:" in said
    assert f"Use it: cafi interpolate MOVIE OUT --weights {tmp_path / 'model'}" in said
    assert "fine-tuned" in printed
    assert "optical_flow" in printed
    code, _, said = answer(
        capsys, "interpolate", told[1], tmp_path / "out.ome.tif", "--weights", tmp_path / "model", "--no-checks"
    )
    assert code == 0
    assert (tmp_path / "out.ome.tif").exists()
    code, printed, said = answer(capsys, *told, "--steps", "14", "--resume", "--json")
    assert code == 0
    assert json.loads(printed)["steps"] == 14


def test_nothing_gained_is_said(capsys, told, monkeypatch):
    monkeypatch.setattr(tuning, "RATE", 0.0)
    code, _, said = answer(capsys, *told, "--steps", "4")
    assert code == 0
    assert "Nothing was gained on validation in 4 steps" in said
    assert "holds the base model, unchanged" in said


def test_movies_that_teach_nothing_are_named_and_the_rest_goes_on(capsys, told, tmp_path):
    short = write(tmp_path / "short.tif", noisy(4))
    code, _, said = answer(capsys, *told[:2], short, *told[2:], "--steps", "3")
    assert code == 1
    assert "short.tif has 4 frames along time, too few to learn from" in said
    code, printed, said = answer(capsys, "finetune", short, *told[2:], "--overwrite")
    assert (code, printed) == (2, "")
    assert said.startswith("cafi: ")
    assert "short.tif has 4 frames along time" in said


def test_a_movie_must_be_named(capsys, tmp_path):
    code, _, said = answer(capsys, "finetune", "-o", tmp_path / "model")
    assert code == 2
    assert "Name at least one movie" in said
