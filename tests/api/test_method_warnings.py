"""What a method warns of is said of the result, also after a kill."""

import warnings

import numpy as np
import pytest
import tifffile

import cafi
from cafi.interpolators.classical.linear import Linear


class StopHereError(Exception):
    """Ends a run in its middle, as Ctrl-C does."""


def test_a_warning_of_the_method_is_in_the_result_and_survives_a_kill(tmp_path, monkeypatch):
    source = tmp_path / "source.tif"
    pixels = np.random.default_rng(0).integers(0, 200, (30, 16, 18), np.uint8)
    tifffile.imwrite(source, pixels, metadata={"axes": "TYX"}, photometric="minisblack")
    calls, proper = [], Linear.predict

    def warns_once(self, *given):
        if not calls:
            warnings.warn("The first gap is odd.", RuntimeWarning, stacklevel=1)
        calls.append(len(given))
        return proper(self, *given)

    def stop(done, total):
        if done >= 40:
            raise StopHereError

    monkeypatch.setattr(Linear, "predict", warns_once)
    whole = cafi.interpolate(source, tmp_path / "whole" / "out.ome.tif", method="linear")
    assert whole.messages.count("The first gap is odd.") == 1
    calls.clear()
    with pytest.raises(StopHereError):
        cafi.interpolate(source, tmp_path / "stopped" / "out.ome.tif", method="linear", on_progress=stop)
    resumed = cafi.interpolate(source, tmp_path / "stopped" / "out.ome.tif", method="linear", resume=True)
    assert resumed.messages == whole.messages
    assert resumed.target.read_bytes() == whole.target.read_bytes()
