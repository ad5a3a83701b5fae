"""Whole movies as a camera records them, with the noise-free truth and the true motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cafi.simulation import scenes
from cafi.simulation.detector import Detector
from cafi.simulation.motion import Pace, fixed_stage
from cafi.simulation.optics import fluorescence
from cafi.simulation.world import normalised, simulate_world

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from cafi.simulation.options import SimulationOptions

BACKGROUND = 0.03  # light where there is nothing, beside 1 for the brightest structures
VISIBLE = 0.5  # share of its own brightness from which on a thing counts as visible


@dataclass(frozen=True)
class Tracks:
    """Where things truly are.

    Attributes
    ----------
    places : Tensor of float32, shape (T, N, 2)
        (y, x) in pixels; the centre of the first pixel is 0.
    visible : Tensor of bool, shape (T, N)
        Inside the field, and not dark.
    """

    places: Tensor
    visible: Tensor


@dataclass(frozen=True)
class SimulatedMovie:
    """A simulated movie and all that is known of it.

    Attributes
    ----------
    frames : Tensor of int32, shape (T, Y, X)
        Grey values of the camera.
    truth : Tensor of float32, shape (T, Y, X)
        Their expectation: what the camera would record without noise, in the same unit.
    tracks : Tracks or None
        Of scenes of things: particles, rods, cells.
    motion : Tensor of float32, shape (T, 2, Y, X), or None
        Of tissue: displacement (x, y) in pixels since the first frame of what each pixel shows.
    """

    frames: Tensor
    truth: Tensor
    tracks: Tracks | None
    motion: Tensor | None


def simulate_movie(options: SimulationOptions, device: str = "cpu") -> SimulatedMovie:
    """Simulate one movie; the same options give the same movie on the same kind of device.

    Parameters
    ----------
    options : SimulationOptions
    device : str
        Of torch.

    Returns
    -------
    SimulatedMovie
    """
    random = torch.Generator(device).manual_seed(options.seed)
    # Scenes measure displacement from time 0.5: that shall be the first frame.
    times = 0.5 + torch.arange(options.frames, dtype=torch.float32, device=device)[None]
    light, layer = _light(options, times, random)
    bright = 1 / options.noise**2
    photons = bright * (light.clamp_min(0) + BACKGROUND)
    white = 2.0**options.bits - 1
    detector = Detector(gain=0.6 * white / bright, offset=min(100.0, 0.04 * white), bits=options.bits)
    frames = detector.record(photons, random)
    motion = None if layer.motion is None else layer.motion[0]
    return SimulatedMovie(frames, detector.expected(photons), _tracks(layer, options.side), motion)


def _light(options: SimulationOptions, times: Tensor, random: Generator) -> tuple[Tensor, scenes.Layer]:
    """Light (T, Y, X), 0 to about 1, and the layer that it came from, for what is known of its motion."""
    pixels = torch.tensor([options.speed], device=times.device)
    if options.scene == "mixed":
        light = simulate_world(options.side, pixels, times, random)
        return light[0], scenes.Layer(light)
    layer = getattr(scenes, options.scene)(options.side, Pace(pixels, fixed_stage(times)), times, random)
    return normalised(fluorescence(layer.light, random))[0], layer


def _tracks(layer: scenes.Layer, side: int) -> Tracks | None:
    if layer.places is None or layer.shown is None:
        return None
    places, shown = layer.places[0], layer.shown[0]
    inside = ((places >= -0.5) & (places < side - 0.5)).all(-1)
    return Tracks(places, inside & (shown >= VISIBLE))
