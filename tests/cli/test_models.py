import json

import pytest
import torch

from cafi.interpolators import registry
from cafi.interpolators.weights import load_weights
from cafi.interpolators.zooming_slowmo.network import Architecture, ZoomingSlowMo
from tests.cli.test_running import answer, is_one_sentence


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A state dict as large as the published one, saved as `DataParallel` would."""
    torch.manual_seed(0)
    state = ZoomingSlowMo(Architecture()).state_dict()
    path = tmp_path_factory.mktemp("published") / "published.pth"
    torch.save({f"module.{name}": value for name, value in state.items()}, path)
    return path, state


def test_a_published_checkpoint_becomes_weights(capsys, tmp_path, checkpoint):
    path, state = checkpoint
    out = tmp_path / "mine.safetensors"
    code, said, _ = answer(
        capsys, "models", "import", str(path), "--as", "zooming-slowmo", "-o", str(out), "--zoom", "4", "--json"
    )
    assert code == 0
    card, tensors = load_weights(out, "zooming-slowmo")
    assert all(torch.equal(tensors[name], value) for name, value in state.items())
    assert json.loads(said)["sha256"] == card.sha256
    assert (card.name, card.recipe["zoom"], card.recipe["imported"]) == ("mine", 4, "published.pth")
    assert registry.get("zooming-slowmo", out, zoom=4).zoom == 4
    again = answer(capsys, "models", "import", str(path), "--as", "zooming-slowmo", "-o", str(out))
    assert again[0] == 2
    assert "exists already" in again[2]


def test_a_partial_checkpoint_is_refused_by_counts(capsys, tmp_path, checkpoint):
    path = tmp_path / "partial.pth"
    torch.save(dict(list(checkpoint[1].items())[:400]), path)
    code, _, said = answer(
        capsys, "models", "import", str(path), "--as", "zooming-slowmo", "-o", str(tmp_path / "o.safetensors")
    )
    assert code == 2
    assert is_one_sentence(said)
    assert "of its 416 parameters 16 missing" in said


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("kymo", "no published checkpoints of kymo; there are some of zooming-slowmo, dain"),
        ("zooming", "no method 'zooming'"),
    ],
)
def test_methods_without_published_checkpoints_are_refused(capsys, tmp_path, checkpoint, method, message):
    code, _, said = answer(capsys, "models", "import", str(checkpoint[0]), "--as", method, "-o", str(tmp_path / "o"))
    assert code == 2
    assert is_one_sentence(said)
    assert message in said


def test_a_card_is_shown_without_rows_of_numbers(capsys):
    code, said, _ = answer(capsys, "models", "show", "kymo")
    assert code == 0
    assert "usual.mean" in said
    assert "48 numbers" in said


def test_the_list_says_which_weights_there_are(capsys):
    code, said, _ = answer(capsys, "models", "list", "--json")
    listed = {method["name"]: method["weights"] for method in json.loads(said)}
    assert code == 0
    assert listed["linear"] == "none needed"
    assert listed["kymo"] == "shipped"
    assert set(registry.installed()) == {name for name, weights in listed.items() if weights != "none installed"}
