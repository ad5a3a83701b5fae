import pytest
import torch

from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.protocol import Interpolator
from cafi.interpolators.zooming_slowmo.network import ZoomingSlowMo
from tests.interpolators.zooming_slowmo.helpers import tiny_network, tiny_weights

TIMES = torch.tensor([[-1.0, 0, 1, 2]])
ALL = torch.ones(1, 4, dtype=torch.bool)


@pytest.fixture
def weights(tmp_path):
    return tiny_weights(tmp_path)


def _frames(channels, count=4, seed=0):
    return torch.rand(1, count, channels, 16, 20, generator=torch.Generator().manual_seed(seed))


def _method(weights, **options) -> Interpolator:
    return registry.get("zooming-slowmo", weights, **options)


def test_it_is_an_interpolator_as_it_is_listed(weights):
    method = _method(weights)
    entry = next(e for e in registry.summaries() if e.name == method.name)
    assert isinstance(method, Interpolator)
    assert (entry.context, entry.times, entry.summary) == (method.context, method.times, method.summary)


def test_grey_frames_are_repeated_and_averaged_back(weights):
    frames = _frames(1, 2)
    made = _method(weights).predict(frames, TIMES[:, 1:3], torch.tensor([0.5]), ALL[:, 1:3]).mean
    expected = tiny_network()(frames.expand(-1, -1, 3, -1, -1))[:, 1].mean(1, keepdim=True)
    torch.testing.assert_close(made, expected, rtol=0, atol=1e-6)


def test_colour_frames_are_seen_in_colour_and_two_channels_each_alone(weights):
    method, t, valid = _method(weights), torch.tensor([0.5]), ALL[:, 1:3]
    rgb = _frames(3, 2)
    made = method.predict(rgb, TIMES[:, 1:3], t, valid).mean
    torch.testing.assert_close(made, tiny_network()(rgb)[:, 1], rtol=0, atol=1e-6)
    two = method.predict(rgb[:, :, :2], TIMES[:, 1:3], t, valid).mean
    one = method.predict(rgb[:, :, 1:2], TIMES[:, 1:3], t, valid).mean
    torch.testing.assert_close(two[:, 1:], one, rtol=0, atol=1e-6)


def test_weights_that_have_seen_grey_alone_predict_each_colour_alone(tmp_path):
    method, rgb = _method(tiny_weights(tmp_path, losses={})), _frames(3, 2)
    t, valid = torch.tensor([0.5]), ALL[:, 1:3]
    made = method.predict(rgb, TIMES[:, 1:3], t, valid).mean
    alone = [method.predict(rgb[:, :, i : i + 1], TIMES[:, 1:3], t, valid).mean for i in range(3)]
    torch.testing.assert_close(made, torch.cat(alone, 1), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("t", "place"), [(0.0, 2), (0.5, 3), (1.0, 4)])
@pytest.mark.parametrize("zoom", [1, 2, 4])
def test_four_frames_and_zooms(weights, t, place, zoom):
    method, frames = _method(weights, zoom=zoom, input_frames=4), _frames(3)
    assert (method.context, method.zoom) == (2, zoom)
    made = method.predict(frames, TIMES, torch.tensor([t]), ALL).mean
    assert made.shape == (1, 3, 16 * zoom, 20 * zoom)
    torch.testing.assert_close(made, tiny_network()(frames, zoom)[:, place], rtol=0, atol=1e-6)


def test_what_stands_for_a_missing_frame_is_not_looked_at(weights):
    method, frames = _method(weights, input_frames=4), _frames(3)
    valid = torch.tensor([[False, True, True, True], [True, True, True, False], [True, True, True, True]])
    made = method.predict(frames.expand(3, -1, -1, -1, -1), TIMES.expand(3, -1), torch.full((3,), 0.5), valid).mean
    network = tiny_network()
    expected = [network(frames[:, 1:])[:, 1], network(frames[:, :3])[:, 3], network(frames)[:, 3]]
    torch.testing.assert_close(made, torch.cat(expected), rtol=0, atol=1e-5)


def test_weights_for_another_zoom_are_refused(tmp_path):
    imported = tiny_weights(tmp_path, imported="published.pth", zoom=4)
    assert _method(imported, zoom=4).zoom == 4
    with pytest.raises(CafiError, match=r"not made for a zoom of 1; take --zoom 4, or other weights"):
        _method(imported)
    trained = tiny_weights(tmp_path, losses={"zoom_2": 0.5})
    assert _method(trained, zoom=2).zoom == 2
    with pytest.raises(CafiError, match="take --zoom 1 or --zoom 2, or other weights"):
        _method(trained, zoom=4)


def test_other_weights_and_none_are_refused(tmp_path):
    with pytest.raises(CafiError, match="holds weights of zooming-slowmo, not of zooming-slowmo-small"):
        registry.get("zooming-slowmo-small", tiny_weights(tmp_path))
    path = tiny_weights(tmp_path)
    card = path.with_suffix(".json")
    card.write_text(card.read_text().replace('"back": 1', '"back": 2'))
    with pytest.raises(CafiError, match="of another version of zooming-slowmo; import or train them again"):
        _method(path)


def test_only_what_a_place_needs_is_computed():
    network, steps = tiny_network(), []
    hook = network.ConvBLSTM.forward_net.cell_list[0].register_forward_hook(lambda *_: steps.append(1))
    assert isinstance(network, ZoomingSlowMo)
    network(_frames(3), at=[3])
    assert len(steps) == 8
    steps.clear()
    network(_frames(3))
    hook.remove()
    assert len(steps) == 14
