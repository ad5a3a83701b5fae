import math

import pytest
import torch

from cafi.interpolators import registry
from cafi.interpolators.mixed import Mixed, stillness
from cafi.interpolators.protocol import Interpolator, Prediction


class Sevens:
    """Predicts 7 everywhere, and says that it moved what it was told."""

    name, summary, context, times, reach, multiple, zoom = "sevens", "", 2, "any", 3, 4, 1
    classical, colour, bytes_per_pixel, bytes_beside, card = True, False, 100, 50, "card"

    def __init__(self, motion):
        self.motion = motion

    def predict(self, frames, frame_times, t, valid):
        mean = torch.full_like(frames[:, 0], 7.0)
        return Prediction(mean, scale=mean + 1, motion=self.motion)


def _ask(method, t=0.25):
    frames = torch.tensor([0.0, 2.0, 4.0, 0.0]).view(1, 4, 1, 1, 1).expand(1, 4, 2, 1, 3)
    return method.predict(frames, torch.tensor([[-1.0, 0, 1, 2]]), torch.tensor([t]), torch.ones(1, 4).bool())


def _motion(*over_the_gap):
    """Half of it to each end; the pixels of one row move otherwise."""
    x, y = torch.tensor(over_the_gap).T
    half = torch.stack([x, y])[:, None] / 2
    return torch.stack([-half, half])[None]


def test_the_share_of_each_channel_fades_where_things_move():
    made = _ask(Mixed(Sevens(_motion((0.0, 0.0), (0.6, -0.8), (30.0, 0.0))), (0.5, 0.0)))
    # The blend of 2 and 4 at a quarter of the gap is 2.5.
    wanted = torch.tensor([7 - 0.5 * 4.5, 7 - 0.5 * 4.5 * math.exp(-1), 7.0])
    torch.testing.assert_close(made.mean[0, 0, 0], wanted, rtol=1e-6, atol=0)
    torch.testing.assert_close(made.mean[0, 1, 0], torch.full((3,), 7.0), rtol=0, atol=0)
    assert (made.scale == 8).all()


def test_without_motion_nothing_is_mixed():
    assert (_ask(Mixed(Sevens(None), (1.0, 1.0))).mean == 7).all()


def test_a_whole_share_without_motion_is_linear_blending():
    method = Mixed(Sevens(torch.zeros(1, 2, 2, 1, 3)), (1.0, 1.0))
    ends = torch.tensor([2.0, 4.0]).view(1, 2, 1, 1, 1).expand(1, 2, 2, 1, 3)
    place = torch.tensor([[0.0, 1]]), torch.tensor([0.7]), torch.ones(1, 2).bool()
    linear = registry.get("linear").predict(ends, *place)
    torch.testing.assert_close(_ask(method, 0.7).mean, linear.mean, rtol=1e-6, atol=0)


def test_it_is_an_interpolator_like_the_one_inside():
    inner = Sevens(None)
    method = Mixed(inner, (0.5,))
    assert isinstance(method, Interpolator)
    for name in (*Interpolator.__annotations__, "bytes_beside", "card"):
        assert getattr(method, name) == getattr(inner, name), name


@pytest.mark.parametrize(("over", "wanted"), [((0, 0), 1), ((1, 0), 0.36788), ((0, -2), 0.01832), ((3, 4), 0)])
def test_stillness(over, wanted):
    assert stillness(_motion(tuple(map(float, over)))).item() == pytest.approx(wanted, abs=1e-5)
