import pytest
import torch

from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.dain import network as module
from cafi.interpolators.dain.padding import padding
from cafi.interpolators.protocol import Interpolator
from tests.interpolators.dain.helpers import tiny_network, tiny_weights

ENDS = torch.tensor([[0.0, 1.0]])
BOTH = torch.ones(1, 2, dtype=torch.bool)


@pytest.fixture
def method(tmp_path):
    return registry.get("dain", tiny_weights(tmp_path))


def _frames(channels, height=40, width=50, seed=0):
    return torch.rand(1, 2, channels, height, width, generator=torch.Generator().manual_seed(seed))


def _predict(method, frames, *t):
    b = len(t)
    many = (v.expand(b, *v.shape[1:]) for v in (frames, ENDS))
    return method.predict(*many, torch.tensor(t), BOTH.expand(b, -1))


@pytest.mark.parametrize("name", ["dain", "dain-small"])
def test_it_is_an_interpolator_as_it_is_listed(name, tmp_path):
    method = registry.get(name, tiny_weights(tmp_path, name))
    entry = next(e for e in registry.summaries() if e.name == name)
    assert isinstance(method, Interpolator)
    assert (entry.context, entry.times, entry.summary) == (method.context, method.times, method.summary)


@pytest.mark.parametrize("size", [(1, 1), (40, 50), (128, 130)])
def test_any_size_is_padded_as_published(method, size):
    frames = _frames(3, *size)
    answer = _predict(method, frames, 0.3)
    assert answer.mean.shape == (1, 3, *size)
    assert answer.motion.shape == (1, 2, 2, *size)
    around = padding(*size)
    expected = tiny_network()(*(around.add(frame) for frame in frames[0].split(1)), torch.tensor([0.3]))
    torch.testing.assert_close(answer.mean, around.remove(expected.mean), rtol=0, atol=1e-6)
    torch.testing.assert_close(answer.motion[:, 1], around.remove(expected.flows[1]), rtol=0, atol=1e-5)


def test_padding_grows_to_multiples_of_128_and_beyond():
    assert [padding(n, 127)[2:] for n in (1, 100, 128, 130)] == [(63, 64), (14, 14), (32, 32), (63, 63)]
    assert padding(127, 512)[:2] == (32, 32)
    assert padding(127, 512)[2:] == (0, 1)


def test_grey_frames_are_repeated_and_averaged_back_each_channel_alone(method):
    frames = _frames(2)
    made = _predict(method, frames, 0.6)
    for c in (0, 1):
        expected = _predict(method, frames[:, :, c : c + 1].expand(-1, -1, 3, -1, -1), 0.6).mean.mean(1)
        torch.testing.assert_close(made.mean[:, c], expected, rtol=0, atol=1e-6)
    motions = [_predict(method, frames[:, :, c : c + 1], 0.6).motion for c in (0, 1)]
    torch.testing.assert_close(made.motion, sum(motions) / 2, rtol=0, atol=1e-5)


def test_weights_that_have_seen_grey_alone_predict_each_colour_alone(tmp_path):
    method, rgb = registry.get("dain", tiny_weights(tmp_path, losses={})), _frames(3)
    made = _predict(method, rgb, 0.4).mean
    alone = [_predict(method, rgb[:, :, i : i + 1], 0.4).mean for i in range(3)]
    torch.testing.assert_close(made, torch.cat(alone, 1), rtol=0, atol=1e-6)


def test_several_times_and_batches_of_a_gap_share_what_does_not_depend_on_time(method):
    looks = []
    hook = method.network.flownets.register_forward_hook(lambda *_: looks.append(1))
    two_channels = _frames(2)
    several = _predict(method, two_channels, 0.25, 0.5)
    assert len(looks) == 2
    # The engine gives channels to methods for colour as images of their own.
    many = two_channels.transpose(0, 2).expand(-1, -1, 1, -1, -1)
    _predict(method, two_channels, 0.75)
    method.predict(many, ENDS.expand(2, -1), torch.tensor([0.1, 0.2]), BOTH.expand(2, -1))
    assert len(looks) == 2
    _predict(method, _frames(2, seed=1), 0.75)
    assert len(looks) == 4
    assert len(method._latest) == 2
    hook.remove()
    alone = _predict(method, two_channels, 0.5).mean
    torch.testing.assert_close(several.mean[1:], alone, rtol=0, atol=1e-6)


def test_strips_are_the_whole_frame(monkeypatch):
    network, (first, last) = tiny_network(), _frames(3, 192, 64)[0].split(1)
    sides, t = network.look(first, last), torch.tensor([0.4])
    whole = network.at(sides, t).mean
    monkeypatch.setattr(module, "STRIP", 64 * 50)
    torch.testing.assert_close(network.at(sides, t).mean, whole, rtol=0, atol=1e-6)
    monkeypatch.setattr(network.rectifyNet, "reach", network.rectifyNet.reach - 1)
    assert (network.at(sides, t).mean - whole).abs().max() > 1e-6


def test_other_weights_and_none_are_refused(tmp_path):
    with pytest.raises(CafiError, match="holds weights of dain, not of dain-small"):
        registry.get("dain-small", tiny_weights(tmp_path))
    path = tiny_weights(tmp_path)
    card = path.with_suffix(".json")
    card.write_text(card.read_text().replace('"flow": 2', '"flow": 3'))
    with pytest.raises(CafiError, match="of another version of dain; import or train them again"):
        registry.get("dain", path)
