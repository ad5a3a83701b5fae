"""What every registered method keeps, so that the engine can trust it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.protocol import Interpolator

METHODS = registry.installed()


def window(method, shape, seed=0, batch=1):
    rng = np.random.default_rng(seed)
    k = 2 * method.context
    frames = torch.from_numpy(rng.random((batch, k, *shape), dtype=np.float32))
    times = torch.arange(k, dtype=torch.float32).expand(batch, k) - (method.context - 1)
    return frames, times, torch.ones(batch, k, dtype=torch.bool)


def predict(method, frames, times, valid, t):
    """Predict sizes that the method likes, as the engine does: repeat the edge, and cut the result."""
    height, width = frames.shape[-2:]
    flat = frames.flatten(1, 2)
    pad = (0, -width % method.multiple, 0, -height % method.multiple)
    padded = torch.nn.functional.pad(flat, pad, mode="replicate").unflatten(1, frames.shape[1:3])
    made = method.predict(padded, times, torch.as_tensor(t, dtype=torch.float32), valid).mean
    return made[..., :height, :width]


@pytest.mark.parametrize("name", METHODS)
def test_it_is_an_interpolator_as_it_is_listed(name):
    method = registry.get(name)
    assert isinstance(method, Interpolator)
    entry = next(e for e in registry.summaries() if e.name == name)
    assert (entry.name, entry.context, entry.times, entry.summary) == (
        method.name,
        method.context,
        method.times,
        method.summary,
    )


@pytest.mark.parametrize("name", METHODS)
@settings(max_examples=12, deadline=None)
@given(
    c=st.integers(1, 3),
    y=st.sampled_from([1, 2, 7, 15, 40]),
    x=st.sampled_from([1, 3, 16, 61]),
    t=st.floats(0.01, 0.99),
)
def test_any_size_gives_finite_frames_of_that_size(name, c, y, x, t):
    method = registry.get(name)
    frames, times, valid = window(method, (c, y, x))
    made = predict(method, frames, times, valid, [t])
    assert made.shape == (1, c, y, x)
    assert made.dtype == torch.float32
    assert torch.isfinite(made).all()


@pytest.mark.parametrize("name", METHODS)
def test_the_result_does_not_depend_on_the_batch(name):
    method = registry.get(name)
    frames, times, valid = window(method, (2, 40, 50), batch=3)
    frames[1] = frames[0]
    t = [0.2, 0.7, 0.5]
    # Convolutions sum in another order for another batch size: a few units of float32's last place, layer after layer.
    tolerance = 1e-6 if method.classical else 1e-5
    together = predict(method, frames, times, valid, t)
    for b in range(3):
        alone = predict(method, frames[b : b + 1], times[b : b + 1], valid[b : b + 1], t[b : b + 1])
        torch.testing.assert_close(together[b : b + 1], alone, rtol=0, atol=tolerance)


# Zooming SlowMo paints frames from features: nothing in it holds a constant scene (its README says how far it is off).
@pytest.mark.parametrize("name", [name for name in METHODS if not name.startswith("zooming-slowmo")])
def test_a_constant_scene_stays_constant_also_at_the_ends_of_the_movie(name):
    method = registry.get(name)
    frames, times, valid = window(method, (1, 30, 30))
    frames[:] = 0.25
    if method.context == 2:
        valid[0, 0] = False
        times = times.clone()
        times[0, 0] = times[0, 1]
    # The last network of DAIN adds a correction, which training brings near 0 alone.
    tolerance = 1e-4 if name.startswith("dain") else 1e-6
    torch.testing.assert_close(predict(method, frames, times, valid, [0.3]), frames[:, 0], rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", METHODS)
def test_it_runs_twice_alike(name):
    method = registry.get(name)
    frames, times, valid = window(method, (1, 64, 64))
    assert torch.equal(predict(method, frames, times, valid, [0.4]), predict(method, frames, times, valid, [0.4]))


def test_an_unknown_method_is_refused_with_a_hint():
    with pytest.raises(CafiError, match=r"no method 'optical-flow'; there are .* Did you mean optical_flow\?"):
        registry.get("optical-flow")
