"""The network equals the published one: in names, shapes, sizes, outputs, and on the way there."""

import numpy as np
import pytest
import torch

from cafi.interpolators.zooming_slowmo.alignment import DeformableLayer
from cafi.interpolators.zooming_slowmo.features import rectify
from cafi.interpolators.zooming_slowmo.network import Architecture, ZoomingSlowMo, published_layout
from tests import parity

OUTPUTS, INTERMEDIATES, UNITS = 2e-5, 5e-5, 1e-5  # the fixtures' own tolerances


@pytest.fixture(scope="module")
def network():
    made = ZoomingSlowMo(Architecture()).eval().requires_grad_(False)
    parity.fill(made)
    return made


def _close(made, expected, tolerance):
    torch.testing.assert_close(made, expected, rtol=0, atol=tolerance)


def test_names_and_shapes_are_those_of_the_published_checkpoints():
    assert published_layout().shapes == parity.shapes("zooming_slowmo_keys.tsv")


@pytest.mark.parametrize(("zoom", "count"), [(1, 10_807_347), (2, 10_955_059), (4, 11_102_771)])
def test_it_is_as_large_as_published(zoom, count):
    left_out = ("upconv1", "upconv2")[{1: 0, 2: 1, 4: 2}[zoom] :]
    shapes = published_layout().shapes
    assert sum(int(np.prod(s)) for name, s in shapes.items() if name.split(".")[0] not in left_out) == count


def test_the_fill_is_as_documented(network):
    state = network.state_dict()
    assert state["conv_first.weight"].flatten()[:3].tolist() == pytest.approx([0.0479919, -0.0578771, 0.1903688])
    assert state["conv_last.bias"].tolist() == pytest.approx([0.4812907, 0.6616281, 0.4182312])


@pytest.mark.parametrize("case", ["a_out_x1", "b_out_x1", "a_out_x2", "b_out_x2", "a_out_x4", "c_out_x4"])
def test_outputs(network, case):
    fixtures = parity.tensors("zooming_slowmo")
    _close(network(parity.images(fixtures[f"{case[0]}_in_u8"])[None], int(case[-1]))[0], fixtures[case], OUTPUTS)


def test_one_frame_alone_is_what_it_is_among_all(network):
    fixtures = parity.tensors("zooming_slowmo")
    made = network(parity.images(fixtures["b_in_u8"])[None], 4, at=[1])
    assert made.shape == (1, 1, 3, 96, 160)
    _close(made[0, 0], fixtures["b_out_x4_frame1"], OUTPUTS)
    _close(network(parity.images(fixtures["c_in_u8"])[None], 4, at=[3, 2])[0], fixtures["c_out_x4"][[3, 2]], OUTPUTS)


@pytest.fixture(scope="module")
def inside(network):
    """Fixtures of what is inside the network, and the same of ours."""
    expected = parity.tensors("zooming_slowmo_intermediates")
    lstm = network.ConvBLSTM.forward_net
    features = rectify(network.conv_first(parity.images(expected["in_u8"])))
    pyramid = network.pyramid(network.feature_extraction(features))
    first, second = ([level[i : i + 1] for level in pyramid] for i in (0, 1))
    guide = torch.cat([first[2], second[2]], 1)
    for k in (1, 2):
        guide = rectify(network.pcd_align.get_submodule(f"L3_offset_conv{k}_1")(guide))
    sequence = network.sequence(parity.images(expected["in_u8"])[None])
    aligned = {"h": [], "c": []}
    hooks = [
        unit.register_forward_hook(lambda _m, _i, out, name=name: aligned[name].append(out[0]))
        for name, unit in (("h", lstm.pcd_h.fusion), ("c", lstm.pcd_c.fusion))
    ]
    onwards, back = lstm(sequence), lstm(sequence[::-1])
    for hook in hooks:
        hook.remove()
    merged = torch.cat(network.ConvBLSTM(sequence, range(3)))
    ours = {
        "L1_features": pyramid[0],
        "L2_features": pyramid[1],
        "L3_features": pyramid[2],
        "L3_conv_offset_mask_fea1": network.pcd_align.L3_dcnpack_1.conv_offset_mask(guide)[0],
        "L3_dcn_fea1_raw": network.pcd_align.L3_dcnpack_1(first[2], guide)[0],
        "pcd_align": network.pcd_align(first, second)[0],
        "interp_feature": sequence[1][0],
        "h_aligned_fwd_t0_t1_t2": torch.stack(aligned["h"][:3]),
        "c_aligned_fwd_t0_t1_t2": torch.stack(aligned["c"][:3]),
        "lstm_fwd": torch.cat(onwards),
        "lstm_rev_in_reversed_time": torch.cat(back),
        "lstm_merged": merged,
        "recon_trunk": network.recon_trunk(merged),
    }
    return expected, ours


@pytest.mark.parametrize(
    "name",
    [
        "L1_features_ch0_16_32",
        "L2_features_ch0_16_32",
        "L3_features_ch0_16_32",
        "L3_conv_offset_mask_fea1",
        "L3_dcn_fea1_raw",
        "pcd_align_ch0_16_32",
        "interp_feature_ch0_16_32",
        "h_aligned_fwd_t0_t1_t2_ch0_16_32",
        "c_aligned_fwd_t0_t1_t2_ch0_16_32",
        "lstm_fwd_ch0_16_32",
        "lstm_rev_in_reversed_time_ch0_16_32",
        "lstm_merged_ch0_16_32",
        "recon_trunk_ch0_16_32",
    ],
)
def test_intermediates(inside, name):
    expected, ours = inside
    made = ours[name.removesuffix("_ch0_16_32")]
    _close(made[..., ::16, :, :] if name.endswith("_ch0_16_32") else made, expected[name], INTERMEDIATES)


def test_the_whole_deformable_layer():
    units = parity.tensors("units")
    layer = DeformableLayer(64, 8).requires_grad_(False)
    layer.load_state_dict(
        {n: parity.filled(f"unit_dcn_sep.{n}", tuple(v.shape)) for n, v in layer.state_dict().items()}
    )
    _close(layer.conv_offset_mask(units["dcnsep_fea"]), units["dcnsep_offset_mask_conv"], UNITS)
    _close(layer(units["dcnsep_x"], units["dcnsep_fea"]), units["dcnsep_out"], UNITS)
