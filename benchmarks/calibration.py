"""How well `scale` tells the error: on held-out simulation and on real movies, as a table and a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.stats import spearmanr

import cafi
from cafi.engine.normalisation import Normalisation
from cafi.interpolators import registry
from cafi.quality.metrics import intensity_range
from cafi.training.simulated import Simulation
from cafi.training.windows import windows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Pairs = tuple[NDArray[np.float32], NDArray[np.float32]]  # absolute error and scale, pixel by pixel

HELD_OUT_SEED = 123_456_789  # training draws its seeds from small numbers
SIDE, CLIPS = 192, 480  # in a fifth as many one decile was 14 % off, by chance
SAMPLE = 200_000  # pixels that each source contributes at most


def report(folder: Path, figure: Path | None = None) -> dict[str, dict[str, object]]:
    """Print one row for held-out simulation and one for each movie; draw |e| against b for all of them."""
    pairs = {"held-out simulation": simulated()}
    pairs |= {path.stem: found for path in sorted(folder.glob("*.tif")) if (found := recorded(path)) is not None}
    rows = {name: figures(*pair) for name, pair in pairs.items()}
    print("\nscale, the Laplace b of |measured - mean|; every second frame dropped\n")
    print("| source | mean(|e|/b) | by decile of b | ninth / first decile | rank correlation | gain, nat/pixel |")
    print("|---|---|---|---|---|---|")
    for name, row in rows.items():
        deciles = " ".join(f"{v:.2f}" for v in row["deciles"])
        print(
            f"| {name} | {row['ratio']:.3f} | {deciles} | {row['spread']:.1f} | {row['rank']:.2f} | {row['gain']:.2f} |"
        )
    if figure is not None:
        _draw(pairs, figure)
    return rows


def figures(error: NDArray[np.float32], scale: NDArray[np.float32]) -> dict[str, object]:
    """Return the figures of one row.

    Parameters
    ----------
    error, scale : ndarray of float32, shape (N,)
        Absolute error and Laplace b.
    """
    order = np.argsort(scale)
    parts = np.array_split(order, 10)
    constant = float(error.mean())  # the most likely constant b
    gain = (np.log(2 * constant) + 1) - float((np.log(2 * scale) + error / scale).mean())
    low, high = np.quantile(scale, (0.1, 0.9))
    return {
        "ratio": float((error / scale).mean()),
        "deciles": [float((error[p] / scale[p]).mean()) for p in parts],
        "spread": float(high / low),
        "rank": float(spearmanr(scale, error).statistic),
        "gain": gain,
    }


def simulated() -> Pairs:
    """Predict simulated windows that no training has seen."""
    method = registry.get("kymo")
    random = torch.Generator().manual_seed(HELD_OUT_SEED)
    source, errors, scales = Simulation(SIDE), [], []
    for _ in range(CLIPS):
        batch = windows(source.draw(1, random), SIDE, random)
        with torch.inference_mode():
            said = method.predict(batch.frames[:, :, None], batch.times, batch.t, batch.valid)
        errors.append((batch.measured - said.mean).abs().flatten()[::7])
        scales.append(said.scale.flatten()[::7])
    return torch.cat(errors).numpy(), torch.cat(scales).numpy()


def recorded(path: Path) -> Pairs | None:
    """Predict every second frame of a movie; None if no gap is left."""
    with cafi.read(path) as movie:
        pixels = np.stack([movie.frame(t, 0) for t in range(movie.header.size.t)])
    kept = pixels[::2]
    if len(kept) < 2:
        return None
    seen = [intensity_range(kept[:, c]) for c in range(pixels.shape[1])]
    normalisation = Normalisation(np.array([s.low for s in seen]), np.array([s.width for s in seen]))
    frames = np.stack([normalisation.apply(frame) for frame in pixels])
    errors, scales = [], []
    for gap in range(len(kept) - 1):
        mean, scale = _predict(frames[::2], gap)
        errors.append(np.abs(frames[2 * gap + 1] - mean).ravel())
        scales.append(scale.ravel())
    error, scale = np.concatenate(errors), np.concatenate(scales)
    step = max(1, len(error) // SAMPLE)
    return error[::step], scale[::step]


def _predict(frames: NDArray[np.float32], gap: int) -> Pairs:
    method = registry.get("kymo")
    wanted = np.arange(gap - 1, gap + 3)
    inside = np.clip(wanted, 0, len(frames) - 1)
    height, width = frames.shape[-2:]
    pad = (0, -width % method.multiple, 0, -height % method.multiple)
    window = torch.nn.functional.pad(torch.from_numpy(frames[inside]), pad, mode="replicate")[None]
    times, valid = (torch.from_numpy(v)[None] for v in ((inside - gap).astype(np.float32), wanted == inside))
    with torch.inference_mode():
        said = method.predict(window, times, torch.tensor([0.5]), valid)
    mean, scale = (v[0, :, :height, :width].numpy() for v in (said.mean, said.scale))
    return mean, scale


def _draw(pairs: dict[str, Pairs], figure: Path) -> None:
    """Mean |e| in twenty equal parts of the pixels sorted by b; on the diagonal b is right."""
    from matplotlib import pyplot

    axes = pyplot.figure(figsize=(6, 5), layout="constrained").gca()
    for i, (name, (error, scale)) in enumerate(pairs.items()):
        parts = np.array_split(np.argsort(scale), 20)
        first = name == "held-out simulation"
        axes.loglog(
            [scale[p].mean() for p in parts],
            [error[p].mean() for p in parts],
            "k-" if first else "--" if i > 6 else "-",  # there are fewer colours than movies
            linewidth=2.5 if first else 1,
            label=name,
        )
    limits = axes.get_xlim()
    axes.loglog(limits, limits, "k:", linewidth=1)
    axes.set_xlabel("predicted scale b, share of the intensity range")
    axes.set_ylabel("mean absolute error, share of the intensity range")
    axes.legend(fontsize=7)
    axes.figure.savefig(figure, dpi=110)
