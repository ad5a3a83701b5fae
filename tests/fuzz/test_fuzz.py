"""Two hundred mutated inputs with a fixed seed: each is read as its header states, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.driver import fuzz, judge


@pytest.mark.slow
def test_mutated_inputs_are_read_as_stated_or_refused_in_a_sentence(tmp_path: Path) -> None:
    report = fuzz(200, 1, tmp_path)
    assert report.failures == []
    assert report.counts["read"] + report.counts["refused"] == 200
    assert min(report.counts.values()) > 50


def test_answers_that_are_no_sentence_or_contradict_the_header_are_failures(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    for answer in (
        {"refused": f"{path}: it is damaged.\nTraceback"},
        {"refused": f"{path}: it is damaged. Copy it again."},
        {"refused": f"{path}: " + "it is damaged " * 50},
        {"error": "KeyError"},
        {"failure": "timeout"},
    ):
        assert judge(path, answer)[1] is not None
    assert judge(path, {"refused": f"{path}: it is damaged; copy it again."}) == ("refused", None)
