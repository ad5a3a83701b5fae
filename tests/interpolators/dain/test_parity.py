"""Every fixture that was made with the published network; tolerances are those stated beside the fixtures."""

import functools

import numpy as np
import pytest
import torch

from cafi.interpolators.dain.network import Architecture, Dain
from tests.parity import arrays, fill, images, shapes, table, tensors

TIMES = {"t025": 0.25, "t050": 0.5, "t075": 0.75}
LEVELS = (2, 3, 4, 5, 6)


@functools.cache
def network():
    made = Dain(Architecture())
    fill(made)
    return made.eval().requires_grad_(False)


@functools.cache
def frames():
    return images(arrays("dain")["in_u8"])[:, None]


@functools.cache
def sides():
    return network().look(*frames())


@functools.cache
def pwc():
    return network().flownets(*frames())


@functools.cache
def answer(name):
    return network().at(sides(), torch.tensor([TIMES[name]]))


def stable(name, file="dain", shape=(3, 128, 128)):
    bits = np.unpackbits(arrays(file)[f"stable_{name}"])[: np.prod(shape)]
    return torch.from_numpy(bits.reshape(shape).astype(bool))


def check(found, wanted, tolerance):
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() < tolerance


def test_names_and_shapes_are_those_of_published_checkpoints():
    found = {name: tuple(value.shape) for name, value in network().state_dict().items()}
    assert found == shapes("dain_keys.tsv")
    assert sum(p.numel() for p in network().parameters()) == 24_031_656


def test_depthnet_pools_and_enlarges_as_in_the_published_layout():
    kinds = {"MaxPool2d": "max-pool", "AvgPool2d": "average-pool", "Upsample": "nearest up-sampling x2"}
    found = {f"depthNet.{n}": kinds.get(type(m).__name__) for n, m in network().depthNet.named_modules()}
    wanted = {row["path"]: row["operation"] for row in table("dain_depthnet_layout.tsv")}
    ours = {path: kind for path, kind in found.items() if kind}
    theirs = {path: kind for path, said in wanted.items() for kind in kinds.values() if said.startswith(kind)}
    assert ours == theirs


def test_log_depth():
    wanted = tensors("dain")["log_depth"]
    for side, depth in zip(sides(), wanted, strict=True):
        check(side.depth[0], depth, 5e-5)


@pytest.mark.parametrize("level", LEVELS)
def test_pwc_flow_0to1(level):
    ahead, _ = pwc()
    check(ahead[level - 2][0], tensors("dain")[f"pwc_flow{level}_0to1"], 5e-5)


def test_pwc_flow2_1to0():
    check(sides()[1].flows[0][0], tensors("dain")["pwc_flow2_1to0"], 5e-5)


def test_alt_align_corners_false_is_something_else():
    other = tensors("dain")["alt_align_corners_false_pwc_flow2_0to1"]
    assert (sides()[0].flows[0][0] - other).abs().max() > 0.1
    rectified = tensors("dain")["alt_align_corners_false_rectified_t050_crop64"]
    assert (answer("t050").mean[0, :, :64, :64] - rectified).abs().mean() > 0.01


@pytest.mark.parametrize("frame", [0, 1])
def test_context(frame):
    fixture = tensors("dain")
    channels = fixture["context_channels"]
    check(sides()[frame].context[0, channels, :48, :48], fixture[f"context{frame}_sub_crop48"], 5e-5)


@pytest.mark.parametrize("frame", [0, 1])
def test_kernels(frame):
    check(sides()[frame].kernels[0, :, ::4, ::4], tensors("dain")[f"kernels{frame}_every4"], 5e-5)


@pytest.mark.parametrize(("frame", "name"), [(0, "0to1"), (1, "1to0")])
def test_flow_before_projection(frame, name):
    flow = torch.nn.functional.interpolate(20 * sides()[frame].flows[0] * 0.5, scale_factor=4.0, mode="bilinear")
    check(flow[0], tensors("dain")[f"flow_before_projection_{name}_t050"], 1e-4)


@pytest.mark.parametrize("frame", [0, 1])
def test_flow_projected_and_its_holes(frame):
    from cafi.layers.flow_projection import project_flow

    fixture, side = tensors("dain"), sides()[frame]
    check(answer("t050").flows[frame][0], fixture[f"flow_projected_to{frame}_t050"], 1e-4)
    flow = torch.nn.functional.interpolate(20 * side.flows[0] * 0.5, scale_factor=4.0, mode="bilinear")
    arrived = project_flow(flow, 1e-6 + 1 / side.depth.exp(), fill=True).weight
    assert torch.equal(arrived[0, 0] == 0, fixture[f"holes_to{frame}_t050"])


@pytest.mark.parametrize("frame", [0, 1])
def test_flow_projected_at_a_quarter(frame):
    wanted = tensors("dain")[f"flow_projected_to{frame}_t025_crop64"]
    error = (answer("t025").flows[frame][0, :, :64, :64] - wanted).abs().amax(0)
    # Where a pixel's target lies on the edge of a cell, rounding decides; the fixtures name four such cells.
    assert (error > 1e-4).sum() <= 4


@pytest.mark.parametrize("frame", [0, 1])
def test_warped(frame):
    check(answer("t050").warped[frame][0, :, :64, :64], tensors("dain")[f"warped{frame}_t050_crop64"], 5e-5)


@pytest.mark.parametrize("frame", [0, 1])
def test_context_warped(frame):
    from cafi.layers.adaptive_warping import adaptive_warp

    fixture, side = tensors("dain"), sides()[frame]
    warped = adaptive_warp(side.context, answer("t050").flows[frame], side.kernels)
    channels = fixture["context_channels"]
    check(warped[0, channels, :48, :48], fixture[f"context{frame}_warped_t050_sub_crop48"], 5e-5)


@pytest.mark.parametrize("name", list(TIMES))
def test_blend(name):
    error = (answer(name).blended[0] - tensors("dain")[f"blend_{name}"]).abs()
    assert error[stable("blend")].max() < 5e-5
    assert error.max() < 0.1


@pytest.mark.parametrize("name", list(TIMES))
def test_rectified(name):
    error = (answer(name).mean[0] - tensors("dain")[f"rectified_{name}"]).abs()
    assert error[stable("rectified")].max() < 1e-4
    assert error.max() < 0.1


@pytest.fixture(scope="module")
def training():
    """The published network's state after one forward pass in training mode, and what it gave."""
    made = Dain(Architecture())
    fill(made)
    made.train()
    first, target, last = images(arrays("dain_training")["in_u8"])
    answer = made(first, last, torch.full((2,), 0.5))
    return made, answer, target


def test_training_running_statistics_after(training):
    network, fixture = training[0], tensors("dain_training")
    for name in ("running_mean", "running_var"):
        check(getattr(network.depthNet[1], name), fixture[f"depthNet.1.{name}_after"], 1e-5)


@pytest.mark.parametrize("frame", [0, 1])
def test_training_flow_projected_with_holes(training, frame):
    _, answer, _ = training
    check(answer.flows[frame], tensors("dain_training")[f"flow_projected_to{frame}"], 1e-4)
    bits = np.unpackbits(arrays("dain_training")[f"holes_to{frame}"])[: 2 * 64 * 64].reshape(2, 64, 64)
    assert torch.equal(answer.flows[frame].abs().sum(1) == 0, torch.from_numpy(bits.astype(bool)))


def test_training_kernels0(training):
    network, _, _ = training
    first, _, last = images(arrays("dain_training")["in_u8"])
    kernels = network.initScaleNets_filter1(network.initScaleNets_filter(torch.cat([first, last], 1)))
    check(kernels[:, :, ::4, ::4], tensors("dain_training")["kernels0_every4"], 5e-5)


@pytest.mark.parametrize(("name", "part"), [("blend", "blended"), ("rectified", "mean")])
def test_training_minus_target(training, name, part):
    _, answer, target = training
    error = (getattr(answer, part) - target - tensors("dain_training")[f"{name}_minus_target"]).abs().amax(1)
    assert error[stable(name, "dain_training", (2, 64, 64))].max() < 1e-4
