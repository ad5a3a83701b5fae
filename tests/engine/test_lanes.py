"""Several predictions at the same time on a CPU: how many, with how many threads, and that nothing else changes."""

import threading

import numpy as np
import pytest
import tifffile
import torch

import cafi
from cafi.engine.interpolation import prepare
from cafi.engine.lanes import lane_count, threads_for
from cafi.engine.options import EngineOptions
from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.movie.model import Header, Size


def lanes(method, side, memory="2GB", channels=1):
    header = Header("m", Size(5, channels, 1, side, side), np.dtype(np.uint16), 1)
    options = EngineOptions(memory=memory, device="cpu")
    return lane_count(prepare(registry.get(method), header, options), header, options)


@pytest.fixture
def four_threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)


@pytest.mark.usefixtures("four_threads")
def test_small_frames_take_a_lane_for_each_thread_and_large_ones_as_many_as_memory_allows():
    assert lanes("kymo", 256) == 4
    assert lanes("kymo", 256, channels=2) == 4
    assert lanes("kymo", 1024, memory="1200MB") == 2  # 540 bytes for each of a million pixels
    assert lanes("kymo", 2048) == 1


def test_one_thread_alone_is_one_lane(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert lanes("kymo", 64) == 1


@pytest.mark.usefixtures("four_threads")
def test_methods_that_do_not_offer_it_have_one_lane():
    assert lanes("linear", 64) == 1
    assert lanes("optical_flow", 64) == 1


def test_lanes_share_the_threads_of_torch():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        with threads_for(registry.get("kymo"), lanes=2):
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)


@pytest.fixture
def source(tmp_path):
    rng = np.random.default_rng(0)
    scene = np.kron(rng.integers(100, 900, (9, 9)), np.ones((8, 8))).astype(np.uint16)
    path = tmp_path / "source.tif"
    frames = np.stack([np.roll(scene, 2 * t, 1) for t in range(5)])
    tifffile.imwrite(path, frames, metadata={"axes": "TYX"}, photometric="minisblack")
    return path


def count_lanes(monkeypatch, count):
    monkeypatch.setattr("cafi.engine.interpolation.lane_count", lambda *_: count)


def test_frames_are_the_same_with_several_lanes(tmp_path, source, monkeypatch):
    made = []
    for count in (1, 3):
        count_lanes(monkeypatch, count)
        target = tmp_path / f"{count}.ome.tif"
        cafi.interpolate(source, target, factor=3, method="kymo", device="cpu")
        made.append(tifffile.imread(target).astype(int))
    assert made[0].shape == (13, 72, 72)
    # Rounding may tell sums in another order apart.
    assert np.abs(made[0] - made[1]).max() <= 1


def test_an_error_in_a_lane_ends_the_run(tmp_path, source, monkeypatch):
    asked_by = set()

    def predict(_method, *_window):
        asked_by.add(threading.current_thread())
        raise CafiError("planted")

    monkeypatch.setattr("cafi.interpolators.kymo.method.KymoMethod.predict", predict)
    count_lanes(monkeypatch, 2)
    with pytest.raises(CafiError, match="planted"):
        cafi.interpolate(source, tmp_path / "out.ome.tif", method="kymo", device="cpu")
    assert threading.main_thread() not in asked_by
