"""Scenes are exact at any time, and show things where their true places are."""

import pytest
import torch

from cafi.simulation import scenes
from cafi.simulation.light import carry, splat
from cafi.simulation.motion import Pace, fixed_stage

TIMES = torch.tensor([[-1.0, 0.0, 0.3, 1.0, 2.5, 30.0]])
KINDS = [scene for scene, _ in scenes.SCENES]


def made(scene, times=TIMES, seed=0, pixels=3.0, side=64):
    pace = Pace(torch.full((len(times),), pixels), fixed_stage(times))
    return scene(side, pace, times, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("scene", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_frame_does_not_depend_on_the_other_times(scene, seed):
    whole = made(scene, seed=seed).light
    for k in (0, 2, 5):
        alone = made(scene, TIMES[:, k : k + 1], seed).light[:, 0]
        torch.testing.assert_close(alone, whole[:, k], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("scene", KINDS)
def test_the_same_seed_gives_the_same_light_and_another_seed_another(scene):
    first, again, other = (made(scene, seed=s).light for s in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.isfinite(first).all()


@pytest.mark.parametrize("scene", KINDS)
def test_things_move_smoothly(scene):
    light = made(scene, torch.tensor([[0.0, 0.002, 1.0]])).light
    near, far = ((light[:, k] - light[:, 0]).abs().mean() for k in (1, 2))
    assert 0 < float(near) < 0.1 * float(far)


def test_a_rendered_spot_has_its_centroid_at_its_place():
    place = torch.tensor([[[[20.3, 31.7]], [[22.25, 28.5]]]])
    drawn = splat(place, torch.tensor(2.0), torch.tensor(1.0), 64)[0]
    grid = torch.arange(64.0)
    for frame, (y, x) in zip(drawn, place[0, :, 0], strict=True):
        assert float((frame.sum(1) * grid).sum() / frame.sum()) == pytest.approx(float(y), abs=1e-3)
        assert float((frame.sum(0) * grid).sum() / frame.sum()) == pytest.approx(float(x), abs=1e-3)
        assert float(frame.sum()) == pytest.approx(2 * torch.pi * 4, rel=1e-3)


def test_particles_are_bright_where_their_places_are():
    layer = made(scenes.particles, torch.tensor([[0.5, 1.5]]), seed=2, side=128)
    assert layer.places.shape[:2] == layer.shown.shape[:2] == (1, 2)
    for k in range(2):
        at = layer.places[0, k].round().long()
        inside = ((at >= 0) & (at < 128)).all(-1) & (layer.shown[0, k] > 0.9)
        here = layer.light[0, k][tuple(at[inside].T)]
        assert float(here.mean()) > 3 * float(layer.light[0, k].mean())


def test_the_motion_of_tissue_is_where_its_texture_comes_from():
    layer = made(scenes.tissue, seed=3)
    assert layer.motion.shape == (1, 6, 2, 64, 64)
    still = made(scenes.tissue, torch.tensor([[0.5]]), seed=3).light
    moved = carry(still[:, 0], layer.motion[:, 1:4])
    torch.testing.assert_close(moved.clamp(0, 1.5), layer.light[:, 1:4], rtol=0, atol=0.15)
    assert float((moved - layer.light[:, 1:4]).abs().mean()) < 0.01


def test_a_texture_carried_by_whole_pixels_is_rolled():
    texture = torch.rand(1, 32, 32, generator=torch.Generator().manual_seed(0))
    shift = torch.tensor([3.0, -2.0])[None, None, :, None, None].expand(1, 1, 2, 32, 32)
    torch.testing.assert_close(carry(texture, shift)[:, 0], texture.roll((-2, 3), (1, 2)), rtol=0, atol=1e-4)


def test_a_texture_that_changes_is_carried_as_each_of_its_states():
    states = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    shift = 3 * torch.randn(2, 3, 2, 12, 16, generator=torch.Generator().manual_seed(1))
    living = carry(states, shift)
    for k in range(3):
        torch.testing.assert_close(living[:, k], carry(states[:, k], shift[:, k : k + 1])[:, 0])


def test_detail_comes_and_goes_in_some_sheets_and_moves_along(monkeypatch):
    times = torch.tensor([[0.5, 1.5]]).expand(8, -1)

    def changed(living):
        """Share of variance that is new after a gap, where the sheet's own motion is taken off."""
        monkeypatch.setattr(scenes, "LIVING", living)
        layer = made(scenes.living_tissue, times, seed=3, pixels=6.0, side=96)
        back = carry(layer.light[:, 0], layer.motion[:, 1:])[:, 0]
        inner = (slice(None), slice(16, -16), slice(16, -16))
        return (layer.light[:, 1] - back)[inner].square().mean((1, 2)) / layer.light.var((1, 2, 3))

    assert float(changed(0.0).median()) < 0.05
    assert float(changed(1.0).median()) > 0.05
    assert float(changed(1.0).max()) > 0.5
