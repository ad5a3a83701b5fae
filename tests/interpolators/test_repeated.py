import numpy as np
import pytest
import torch

from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.protocol import Prediction
from cafi.interpolators.repeated import Repeated, for_times

INDICES = torch.arange(-2.0, 4)


class Middle:
    """Predicts the mean of the frames that it sees, and notes what those were."""

    name, summary, times, reach, multiple, zoom = "middling", "", "middle", 10, 2, 1
    classical, colour, bytes_per_pixel = True, False, 100

    def __init__(self, context):
        self.context, self.seen = context, []

    def predict(self, frames, frame_times, t, valid):
        assert t.tolist() == [0.5]
        self.seen.append((frames[0, :, 0, 0, 0].tolist(), frame_times[0].tolist(), valid[0].tolist()))
        middle = frames[:, self.context - 1 : self.context + 1].mean(1)
        return Prediction(middle, scale=middle + 1)


def _window(values, context):
    k = 2 * context
    frames = torch.as_tensor(values)[3 - context : 3 + context].view(1, k, 1, 1, 1).expand(-1, -1, 1, 2, 3)
    return frames, INDICES[None, 3 - context : 3 + context], torch.ones(1, k, dtype=torch.bool)


def _ask(method, t, frames, times, valid):
    b = len(t)
    many = (frames.expand(b, -1, -1, -1, -1), times.expand(b, -1))
    return method.predict(*many, torch.tensor(t), valid.expand(b, -1))


@pytest.mark.parametrize("doublings", [2, 3, 4])
def test_linear_is_the_same_repeated_or_not(doublings):
    method = Repeated(registry.get("linear"), doublings)
    t = [k / 2**doublings for k in range(1, 2**doublings)]
    window = _window([0, 0, 1.0, 3.0, 0, 0], 1)
    torch.testing.assert_close(_ask(method, t, *window).mean[:, 0, 0, 0], 1 + 2 * torch.tensor(t), rtol=0, atol=1e-6)


def test_cubic_is_exact_on_cubics_also_around_predicted_frames():
    def intensity(time):
        return 0.3 + 0.2 * time - 0.1 * time**2 + 0.05 * time**3

    method = Repeated(registry.get("cubic"), 3)
    t = [k / 8 for k in range(1, 8)]
    made = _ask(method, t, *_window(intensity(INDICES), method.context)).mean[:, 0, 0, 0]
    torch.testing.assert_close(made, intensity(torch.tensor(t)), rtol=0, atol=1e-6)


def test_irregular_times_are_those_of_the_frames():
    times = torch.tensor([-3.0, -1.5, 0.0, 1.0, 1.8, 4.0])
    method = Repeated(registry.get("cubic"), 2)
    frames, _, valid = _window(0.1 * times**3 - times, 3)
    made = _ask(method, [0.25, 0.75], frames, times[None], valid).mean[:, 0, 0, 0]
    wanted = torch.tensor([0.25, 0.75])
    torch.testing.assert_close(made, 0.1 * wanted**3 - wanted, rtol=0, atol=1e-5)


def test_four_frames_are_those_of_the_method_run_on_its_own_output():
    inner = Middle(2)
    method = Repeated(inner, 2)
    assert method.context == 3
    _ask(method, [0.25], *_window([-20.0, -10, 0, 10, 20, 30], 3))
    regular = [-1.0, 0, 1, 2]
    assert inner.seen == [
        ([-20, -10, 0, 10], regular, [True] * 4),  # at -1/2, which the quarter needs
        ([-10, 0, 10, 20], regular, [True] * 4),  # at 1/2
        ([-5, 0, 5, 10], regular, [True] * 4),  # at 1/4
    ]


def test_at_the_movies_start_the_first_frame_stands_for_what_is_missing():
    inner = Middle(2)
    frames, times, valid = _window([0.0, 0, 0, 10, 20, 30], 3)
    valid[:, :2] = False
    made = _ask(Repeated(inner, 2), [0.25], frames, times, valid)
    assert made.mean[0, 0, 0, 0] == 2.5
    assert [seen[0] for seen in inner.seen] == [[0, 0, 10, 20], [0, 0, 5, 10]]
    assert [seen[1:] for seen in inner.seen] == [([0, 0, 1, 2], [False, True, True, True])] * 2


def test_every_frame_is_predicted_once_for_all_times_and_batches_of_a_gap():
    inner = Middle(1)
    method = Repeated(inner, 4)
    window = _window([0, 0, 1.0, 3.0, 0, 0], 1)
    for k in range(1, 16, 2):
        made = _ask(method, [k / 16, (k + 1) / 16][: 2 if k < 15 else 1], *window)
        torch.testing.assert_close(made.scale, made.mean + 1)
    assert len(inner.seen) == 15
    _ask(method, [0.5], window[0] + 1, *window[1:])
    assert len(inner.seen) == 16


def test_memory_and_reach_grow_with_the_doublings():
    method = Repeated(Middle(1), 3)
    assert (method.context, method.reach) == (1, 30)
    assert method.bytes_per_pixel == 100 + 12 * 14


def test_a_method_is_repeated_where_it_must_or_shall_be():
    quarters, third = np.array([0.25, 0.5, 0.75]), np.array([1 / 3])
    linear, middle = registry.get("linear"), Middle(1)
    assert for_times(linear, quarters) is linear
    assert for_times(middle, np.array([0.5, 0.5])) is middle
    assert for_times(linear, np.array([0.5]), repeat=True) is linear
    for made in (for_times(middle, quarters), for_times(linear, quarters, repeat=True)):
        assert isinstance(made, Repeated)
        assert made.doublings == 2
    with pytest.raises(CafiError, match=r"--factor of 2, 4, 8 or 16; .* leave --repeat out"):
        for_times(linear, third, repeat=True)
    with pytest.raises(CafiError, match=r"middling predicts only the middle .* any time: kymo, dain.*, linear"):
        for_times(middle, third)


def test_a_method_that_enlarges_is_refused():
    method = Middle(1)
    method.zoom = 2
    with pytest.raises(CafiError, match="take --factor 2, or leave --zoom out"):
        for_times(method, np.array([0.25]))
