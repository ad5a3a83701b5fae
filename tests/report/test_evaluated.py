import json
from pathlib import Path

import numpy as np
import pytest

import cafi
from cafi.errors import CafiError
from cafi.movie.options import WriteOptions
from cafi.movie.writing import write_movie
from cafi.quality.results import read_evaluations
from cafi.quality.statistics import summarise
from cafi.report.data import Estimate, Verdict
from cafi.report.evaluated import evaluation_report, footage_path
from cafi.report.extras import cautions_of, verdict_of
from cafi.report.footage import read_footage
from tests.helpers import array_movie, run_cafi
from tests.report.made import spots


def movie_file(path: Path, frames: int = 13) -> Path:
    pixels = np.stack([spots(frames, 64, 96, seed=c)[:, 0] for c in range(2)], axis=1)
    write_movie(array_movie((100 + 3000 * pixels.clip(0, 1.2)).astype(np.uint16)[:, :, None]), path, WriteOptions())
    return path


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checked")
    movie = movie_file(folder / "moving <spots>.ome.tif", frames=19)
    cafi.evaluate(movie, folder / "out", methods="linear,optical_flow", intervals=True)
    return folder / "out"


def test_tables_and_sentences_say_what_the_statistics_say(checked: Path) -> None:
    (evaluation,) = read_evaluations(checked)
    (section,) = evaluation_report(checked).sections
    methods = section.tables[0]
    assert [row[0] for row in methods.rows] == ["optical_flow", "linear"], "best first"
    rows = {row.method: row for row in summarise(evaluation, "psnr")}
    for row in methods.rows:
        mean = rows[str(row[0])].mean
        assert row[1] == Estimate(mean.value, mean.low, mean.high)
    assert rows["linear"].comparison is not None
    assert str(methods.rows[1][2]).startswith(rows["linear"].comparison.verdict)
    assert methods.columns[2] == "against optical_flow"
    assert section.tables[2].title == "Channels"
    assert len(section.tables[2].rows) == 4
    assert f"{rows['linear'].mean.value:.2f} dB" in " ".join(section.methods_text)
    assert {plot.title.split(",")[0] for plot in section.plots} == {
        *("Methods by PSNR", "Along the movie", "Error against displacement", "Coverage of the intervals"),
    }


def test_kept_frames_are_those_that_were_held_out_and_predicted(checked: Path) -> None:
    (evaluation,) = read_evaluations(checked)
    film = read_footage(footage_path(checked, 0, evaluation.movie, 2))
    assert [moment.kind for moment in film.moments] == ["acquired", "interpolated"] * 9 + ["acquired"]
    with cafi.read(evaluation.movie) as movie:
        for c, (low, width) in enumerate(film.ranges):
            before, truth, after = ((movie.source.read(t, c, 0) - low) / width for t in (2, 3, 4))
            np.testing.assert_allclose(film.measured[3, c], truth, atol=2e-3)
            predicted = film.predicted["linear"][film.predicted_at["linear"][3]][c]  # type: ignore[index]
            np.testing.assert_allclose(predicted, (before + after) / 2, atol=2e-3)


def test_intervals_of_the_best_method_hold_what_the_plot_says(checked: Path) -> None:
    (evaluation,) = read_evaluations(checked)
    film = read_footage(footage_path(checked, 0, evaluation.movie, 2))
    assert set(film.interval) == {"optical_flow"}
    measured = film.measured[1::2].astype(float)
    inside = np.abs(film.predicted["optical_flow"] - measured) < film.interval["optical_flow"].astype(float) / 2
    assert 0.8 < inside.mean() < 0.99, "calibrated for nine of ten, about a centre that may be shifted a little"
    plots = [plot for plot in evaluation_report(checked).sections[0].plots if plot.title.startswith("Coverage")]
    for plot, found in zip(plots, evaluation.provenance["intervals"], strict=True):
        assert plot.target == 90
        assert plot.series[0].y == pytest.approx([100 * share for share in found["by_intensity"]])
        assert f"Of optical_flow: {100 * found['coverage']:.1f} %" in plot.notes[0]


def test_the_verdict_is_about_the_best_method_and_its_gaps_are_named_by_frames(checked: Path) -> None:
    (evaluation,) = read_evaluations(checked)
    record, section = evaluation.provenance["verdict"], evaluation_report(checked).sections[0]
    assert section.verdict is not None
    assert section.verdict.word == record["word"]
    assert section.verdict.reasons[0] == "It is about optical_flow, the best method here."
    kept = evaluation.held_out.kept
    expected = [f"frames {kept[w['gap']]} to {kept[w['gap'] + 1]}" for w in record["gaps"]]
    assert [caution.where for caution in section.cautions] == expected


def test_a_doubtful_gap_is_told_with_its_reasons_and_place() -> None:
    gap = {"gap": 2, "level": "doubtful", "reasons": ["noisy", "implausible"], "place": [7, 9]}
    record = {"verdict": {"word": "do not use", "reasons": ["so it is"], "gaps": [gap]}}
    assert verdict_of(record) == Verdict("do not use", ("So it is.",))
    (told,) = cautions_of(record, kept=(0, 3, 6, 9))
    assert told.where == "frames 6 to 9"
    assert told.reason.startswith("Doubtful: noise is too high to tell; ")
    assert told.reason.endswith("(near y = 7, x = 9).")
    assert verdict_of({}) is None


def test_it_is_made_again_from_its_folder(checked: Path) -> None:
    page = (checked / "report.html").read_text(encoding="utf-8")
    (checked / "report.html").unlink()
    done = run_cafi("report", str(checked), "--json", cwd=checked)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"report": str(checked / "report.html")}
    assert (checked / "report.html").read_text(encoding="utf-8") == page
    assert "moving &lt;spots&gt;.ome.tif" in page
    assert "cafi evaluate" in page


def test_what_is_lost_is_left_out_and_what_is_damaged_is_told(checked: Path) -> None:
    (evaluation,) = read_evaluations(checked)
    path = footage_path(checked, 0, evaluation.movie, 2)
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:1000])
        with pytest.raises(CafiError, match=r"npz is damaged; remove it"):
            cafi.make_report(checked)
        path.unlink()
        assert evaluation_report(checked).sections[0].footage is None
        assert 'class="player"' not in cafi.make_report(checked).read_text(encoding="utf-8")
    finally:
        path.write_bytes(whole)


def test_a_file_that_is_no_report_is_never_replaced(checked: Path) -> None:
    mine = checked / "report.html"
    page = mine.read_bytes()
    try:
        mine.write_text("<p>my own notes</p>")
        with pytest.raises(CafiError, match=r"report.html exists already and is no report of cafi's"):
            cafi.make_report(checked)
        with pytest.raises(CafiError, match="no report of cafi's"):
            cafi.evaluate(checked.parent / "moving <spots>.ome.tif", checked, methods="linear", overwrite=True)
        assert mine.read_text() == "<p>my own notes</p>"
    finally:
        mine.write_bytes(page)


def test_what_is_no_check_and_no_movie_is_told(tmp_path: Path) -> None:
    with pytest.raises(CafiError, match=r"there is no such folder or movie"):
        cafi.make_report(tmp_path / "nowhere")
    with pytest.raises(CafiError, match=r"holds no evaluation.json"):
        cafi.make_report(tmp_path)
    with pytest.raises(CafiError, match="was not made by cafi"):
        cafi.make_report(movie_file(tmp_path / "plain.ome.tif", frames=3))
