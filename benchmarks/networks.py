"""The learned networks beside the bare matrix product: operations, share of its rate, where time goes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from cafi.interpolators.dain.network import Architecture as DainArchitecture
from cafi.interpolators.dain.network import Dain
from cafi.interpolators.zooming_slowmo.network import Architecture, ZoomingSlowMo
from cafi.training.precision import computes_in_bfloat16

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    Ask = Callable[[nn.Module, Tensor], object]  # how a network is asked for the middle of a pair (1, 2, 3, Y, X)

MATRIX = 2048
SHOWN = 6  # operators
SMALL = Architecture(features=16, groups=2, front=2, back=8)  # as in recipes/zooming-slowmo-small.toml
SMALL_DAIN = DainArchitecture(flow=8, depth=2, kernels=8, context=8, synthesis=32, blocks=2)  # likewise

NETWORKS: dict[str, tuple[Callable[[], nn.Module], Ask]] = {
    "zooming-slowmo": (lambda: ZoomingSlowMo(Architecture()), lambda network, pair: network(pair, at=[1])),
    "zooming-slowmo-small": (lambda: ZoomingSlowMo(SMALL), lambda network, pair: network(pair, at=[1])),
    "dain": (lambda: Dain(DainArchitecture()), lambda network, pair: network(*pair.unbind(1), pair.new_tensor([0.5]))),
    "dain-small": (lambda: Dain(SMALL_DAIN), lambda network, pair: network(*pair.unbind(1), pair.new_tensor([0.5]))),
}


class Figures(NamedTuple):
    """Of one network on one device, in one precision.

    Attributes
    ----------
    flops : float
        Additions and multiplications of convolutions and matrix products for one frame; gathers are not counted.
    seconds : float
        For one frame.
    peak : float
        Operations a second of a bare matrix product.
    table : list of (str, float)
        Operators and their share of the time, slowest first.
    """

    flops: float
    seconds: float
    peak: float
    table: list[tuple[str, float]]


def report(side: int = 256, repeats: int = 2) -> None:
    """Print a row for each network, device and precision, and where the time goes."""
    print(f"\nthe middle frame of a pair of {side} x {side} pixels, {torch.get_num_threads()} threads\n")
    print("| network | device | precision | GFLOP/frame | s/frame | GFLOP/s | bare product, GFLOP/s | share of it |")
    print("|---|---|---|---|---|---|---|---|")
    found = {}
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        for dtype in (torch.float32, torch.bfloat16) if computes_in_bfloat16() else (torch.float32,):
            for name in NETWORKS:
                made = found[name, device, str(dtype)] = measure(name, side, device, dtype, repeats)
                rate = made.flops / made.seconds
                row = [name, device, str(dtype).removeprefix("torch."), f"{made.flops / 1e9:.0f}"]
                row += [f"{made.seconds:.3g}", f"{rate / 1e9:.0f}", f"{made.peak / 1e9:.0f}", f"{rate / made.peak:.0%}"]
                print(f"| {' | '.join(row)} |", flush=True)
    for key, made in found.items():
        print(f"{', '.join(key)}: " + ", ".join(f"{name} {share:.0%}" for name, share in made.table))
        print(json.dumps({"network": key, **made._asdict()}))


def measure(name: str, side: int, device: str, dtype: torch.dtype, repeats: int) -> Figures:
    """Measure one network with random weights, which cost as much as others."""
    make, ask = NETWORKS[name]
    network = make().eval().requires_grad_(False).to(device)
    pair = torch.rand(1, 2, 3, side, side, device=device)

    def run() -> None:
        with torch.inference_mode(), torch.autocast(device, dtype, enabled=dtype != torch.float32):
            ask(network, pair)

    with FlopCounterMode(display=False) as counter:
        run()
    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if device == "cuda" else [])
    with profile(activities=activities) as profiled:
        run()
    seconds = _least_time(run, device, repeats)
    events = [(e.key.removeprefix("aten::"), _own_time(e, device)) for e in profiled.key_averages()]
    total = sum(spent for _, spent in events)
    table = sorted(((key, spent / total) for key, spent in events), key=lambda pair: -pair[1])
    return Figures(counter.get_total_flops(), seconds, _bare_rate(device, dtype, repeats), table[:SHOWN])


def _own_time(event: object, device: str) -> float:
    name = "self_device_time_total" if device == "cuda" else "self_cpu_time_total"
    return float(getattr(event, name))


def _bare_rate(device: str, dtype: torch.dtype, repeats: int) -> float:
    a, b = (torch.rand(MATRIX, MATRIX, device=device, dtype=dtype) for _ in range(2))
    return 2 * MATRIX**3 / _least_time(lambda: torch.mm(a, b), device, 3 * repeats)


def _least_time(run: Callable[[], object], device: str, repeats: int) -> float:
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        spent.append(time.perf_counter() - began)
    return min(spent)
