import hashlib
import json

import pytest
import torch

from cafi.errors import CafiError
from cafi.interpolators.weights import Card, load_card, load_weights, save_weights, shipped


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "mine.safetensors"
    tensors = {"a.weight": torch.linspace(-1, 1, 12).view(3, 4), "b": torch.tensor(0.5)}
    card = save_weights(path, tensors, Card("kymo", "mine", {"levels": 2}, metrics={"score": -6.5}, steps=7))
    return path, tensors, card


def test_what_was_saved_comes_back(saved):
    path, tensors, card = saved
    again, loaded = load_weights(path)
    assert again == card
    assert again.steps == 7
    assert again.architecture == {"levels": 2}
    for name, value in tensors.items():
        assert loaded[name].dtype == torch.float32
        assert torch.allclose(loaded[name], value, atol=5e-4)


def test_nothing_is_replaced_unless_asked(saved):
    path, tensors, card = saved
    with pytest.raises(CafiError, match="exists already"):
        save_weights(path, tensors, card)
    assert save_weights(path, {"b": torch.tensor(1.0)}, card, overwrite=True).sha256 != card.sha256


def test_a_changed_file_is_refused(saved):
    path, _, _ = saved
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(CafiError, match="not the file that its card describes"):
        load_weights(path)


def test_a_file_that_is_none_is_refused(saved):
    path, _, _ = saved
    path.write_bytes(b"no tensors here")
    described = json.loads(path.with_suffix(".json").read_text())
    described["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(described))
    with pytest.raises(CafiError, match="holds no weights"):
        load_weights(path)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"method": "kymo"}'])
def test_a_missing_or_damaged_card_is_refused(saved, content):
    path, _, _ = saved
    card = path.with_suffix(".json")
    card.unlink()
    if content is not None:
        card.write_text(content)
    with pytest.raises(CafiError, match=r"card mine\.json is missing or damaged"):
        load_card(path)


def test_a_missing_file_and_unshipped_weights_are_refused(tmp_path):
    with pytest.raises(CafiError, match="no such file of weights"):
        load_weights(tmp_path / "none.safetensors")
    with pytest.raises(CafiError, match="ships no weights for nonsense"):
        shipped("nonsense")


def test_the_folder_of_a_model_stands_for_its_weights(saved):
    path, tensors, _ = saved
    card, found = load_weights(path.parent)
    assert card == load_card(path) == load_card(path.parent)
    assert set(found) == set(tensors)
    path.with_name("other.safetensors").write_bytes(path.read_bytes())
    with pytest.raises(CafiError, match=r"holds several weights \(mine\.safetensors, other\.safetensors\); name a"):
        load_weights(path.parent)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(CafiError, match=r"holds no weights; name a \.safetensors file"):
        load_card(tmp_path)
