"""Kymo as the engine meets it."""

import json
from dataclasses import replace

import pytest
import torch

from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.weights import card_path, load_weights, save_weights, shipped


def _window(channels):
    random = torch.Generator().manual_seed(0)
    texture = torch.nn.functional.avg_pool2d(torch.rand(1, 1, 160, 160, generator=random), 9, 1, 4)
    frames = torch.cat([texture.roll(2 * k, 3) for k in range(4)], 1)[:, :, None].expand(-1, -1, channels, -1, -1)
    return frames.contiguous(), torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([0.5]), torch.ones(1, 4).bool()


def test_it_tells_how_strange_each_channel_is():
    frames, *rest = _window(2)
    frames[0, :, 1] *= 50  # as if the movie's range had been taken from the dark beside the specimen
    with torch.inference_mode():
        usual, glaring = registry.get("kymo").predict(frames, *rest).strangeness[0].tolist()
    assert usual < 1 < glaring


@pytest.mark.parametrize("kept", ["usual", "sha256"])
def test_weights_whose_card_does_not_know_what_is_usual_say_nothing_of_it(tmp_path, kept):
    card, tensors = load_weights(shipped("kymo"))
    save_weights(tmp_path / "own.safetensors", tensors, card)
    path = card_path(tmp_path / "own.safetensors")
    told = json.loads(path.read_text())
    if kept != "usual":
        del told["usual"]
    path.write_text(json.dumps(told))
    with torch.inference_mode():
        made = registry.get("kymo", tmp_path / "own.safetensors").predict(*_window(1))
    assert (made.strangeness is None) == (kept != "usual")


def test_a_card_whose_usual_features_do_not_fit_is_refused_in_a_sentence(tmp_path):
    card, tensors = load_weights(shipped("kymo"))
    save_weights(tmp_path / "own.safetensors", tensors, replace(card, usual={"mean": [0.0]}))
    with pytest.raises(CafiError, match="of another version of kymo"):
        registry.get("kymo", tmp_path / "own.safetensors")
