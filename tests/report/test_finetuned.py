import json
import re
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imagecodecs import png_encode

import cafi
from cafi.errors import CafiError
from cafi.finetuning.previews import BRIGHT
from cafi.finetuning.split import split
from cafi.report.finetuned import finetuned_page
from cafi.report.parting import Stretch, parted
from cafi.report.tuning_verdict import by_movie, verdict_on
from tests.helpers import run_cafi
from tests.report.test_evaluated import movie_file
from tests.report.test_page import Seen

SHA = "1df22cb5dd1c123babd7a8647b1a0c477bc0713a0ffc3554e527f87e5dac6d57"
NASTY = "<b>cells</b>.tif"


def scores(movie: str, before: tuple[float, float], tuned: tuple[float, float] | None, frames: int = 5) -> list[Any]:
    values = {"before": before, "fine-tuned": tuned, "linear": (21.4912, 0.6577), "optical_flow": (22.9867, 0.7355)}
    return [
        {"movie": movie, "method": method, "psnr": both[0], "ssim": both[1], "frames": frames}
        for method, both in values.items()
        if both is not None
    ]


def area(top: int, left: int, height: int, width: int) -> dict[str, int]:
    return {"top": top, "left": left, "height": height, "width": width}


def record(tuned: tuple[float, float] | None = (23.7093, 0.7512)) -> dict[str, Any]:
    """What `cafi finetune` leaves of one movie of 30 frames."""
    parts = {"training": ((0, 14), (0, 14)), "validation": ((14, 24), (16, 22)), "test": ((22, 30), (24, 30))}
    apart = {name: {"seen": s, "targets": t, "area": area(0, 0, 130, 130)} for name, (s, t) in parts.items()}
    made = {
        "weights": "kymo.safetensors",
        "card": "kymo.json",
        "improved": tuned is not None,
        "gain": 0.1891 if tuned else 0.0,
        "step": 136 if tuned else 0,
        "steps": 200,
        "minutes": 0.75,
        "scores": scores(NASTY, (23.3373, 0.7473), tuned),
        "general": {"before": 28.0009, "fine-tuned": 27.8986 if tuned else 28.0009},
        "failed": {},
        "skipped": [],
        "report": "report.html",
        "run": {
            "base": {"method": "kymo", "name": "kymo", "sha256": SHA},
            "movies": [{"name": NASTY, "fingerprint": "sha256:5829", "split": {"along": "time"} | apart}],
            "options": {"method": "kymo", "channels": None, "keep_general": False, "precision": "auto", "seed": 7},
            "command": f"cafi finetune '{NASTY}' -o model --steps 200",
        },
    }
    return json.loads(json.dumps(made))  # type: ignore[no-any-return]


def written(folder: Path, made: dict[str, Any], history: bool = True) -> Path:
    """Write a record as a model's folder, with card, history and two pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "finetune.json").write_text(json.dumps(made), encoding="utf-8")
    if not history:
        return folder
    card = {"sha256": "abcd" * 16, "made_with": {"cafi": "0.1.0", "torch": "2.13.0"}, "licence": "BSD-3-Clause"}
    (folder / "kymo.json").write_text(json.dumps(card), encoding="utf-8")
    (folder / "work" / "previews").mkdir(parents=True)
    for step in (68, 136):
        content = png_encode(np.full((10, 32), step, np.uint8))
        (folder / "work" / "previews" / f"step_{step:06d}.png").write_bytes(content)
    # A run that was killed after step 140, and went on from step 130.
    points = [(68, 15.6, 0.1467, -9.18), (140, 30.8, 0.111, -9.05), (136, 30.0, 0.1891, -9.09), (200, 45.0, 0.12, -9.2)]
    lines = [json.dumps(dict(zip(("step", "seconds", "gain", "training_loss"), p, strict=True))) for p in points]
    (folder / "work" / "history.jsonl").write_text("\n".join(lines) + '\n{"step": 2', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("tuned") / "my model", record())


@pytest.fixture(scope="module")
def page(model: Path) -> str:
    return finetuned_page(model)


def rows(page: str, label: str) -> list[list[str]]:
    """The cells of the table that is labelled so."""
    found = re.search(rf'aria-label="{re.escape(label)}".*?</table>', page, re.DOTALL)
    assert found is not None, label
    cells = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", found[0], re.DOTALL)
    ]
    return [row for row in cells if row]


def test_scores_and_their_changes_are_those_of_the_record(page: str) -> None:
    name = "&lt;b&gt;cells&lt;/b&gt;.tif"
    head = ["movie", "base model", "fine-tuned", "change", "linear", "optical_flow", "planes"]
    assert rows(page, "PSNR (dB)") == [head, [name, "23.34", "23.71", "0.3720", "21.49", "22.99", "5"]]
    assert rows(page, "SSIM") == [head, [name, "0.7473", "0.7512", "0.0039", "0.6577", "0.7355", "5"]]
    forgotten = rows(page, "Simulated movies that neither model learned from")
    assert forgotten[1:] == [["base model", "28.00"], ["fine-tuned", "27.90"], ["change", "−0.1023"]]


def test_its_parts_stand_in_order_and_nothing_is_fetched(page: str) -> None:
    words = Seen(page).words
    order = ["Better on the test parts: +0.37 dB PSNR, +0.0039 SSIM against the base model", "Scores on the test parts"]
    order += ["twice as far apart as in use", "Gain on validation", "Training loss", "How the movies were parted"]
    order += [
        "What was forgotten",
        "Left: as it was measured",
        "--weights 'my model'",
        "cafi finetune '<b>cells</b>.tif'",
    ]
    order += ["Provenance", SHA, "2.13.0", "option seed", "Methods text for a paper", "upper estimates"]
    places = [0]
    for each in order:
        places.append(words.index(each, places[-1]))
    for tag, attributes in Seen(page).tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("data:", "#")), (tag, attributes)
    assert "<b>cells" not in page
    assert "default-src 'none'" in page


def test_curves_follow_the_history_and_mark_the_state_that_was_kept(page: str) -> None:
    head, *gain = rows(page, "Numbers of Gain on validation")
    assert head == ["series", "training time (min)", "gain on validation (dB)"]
    expected = [["gain", "0.2600", "0.1467"], ["gain", "0.5000", "0.1891"], ["gain", "0.7500", "0.1200"]]
    assert gain == [*expected, ["kept", "0.5000", "0.1891"]]
    assert rows(page, "Numbers of Training loss")[-2:] == [
        ["training loss", "0.7500", "−9.200"],
        ["kept", "0.5000", "−9.090"],
    ]
    assert "the state that was kept, step 136" in page


def test_a_last_state_that_was_kept_is_marked_after_the_history(tmp_path: Path) -> None:
    made = record() | {"step": 230, "steps": 230, "gain": 0.25, "minutes": 1.0}
    gain = rows(finetuned_page(written(tmp_path, made)), "Numbers of Gain on validation")
    assert gain[-2:] == [["gain", "1.000", "0.2500"], ["kept", "1.000", "0.2500"]]


def test_the_last_picture_is_shown_and_explained(model: Path, page: str) -> None:
    import base64

    content = (model / "work" / "previews" / "step_000136.png").read_bytes()
    assert f"base64,{base64.b64encode(content).decode()}" in page
    assert "as the network predicted it at step 136 (kept: step 136)" in page
    assert BRIGHT == 4, "the caption says what full white stands for"
    assert "a quarter of the picture's range" in page


def test_the_verdict_of_a_gain() -> None:
    found = verdict_on(record())
    assert found.look == "use"
    assert found.reasons == (
        "Fine-tuned over optical_flow, the best classical method: +0.72 dB PSNR.",
        "Scored once, on 5 planes, without a confidence interval: a small difference may be chance.",
    )


def test_worse_test_parts_are_told_plainly_although_validation_gained() -> None:
    found = verdict_on(record(tuned=(23.2801, 0.7433)))
    assert found.word == "Worse on the test parts: −0.06 dB PSNR, −0.0040 SSIM against the base model"
    assert found.look == "do-not-use"
    assert found.reasons[0].startswith("Validation had gained +0.19 dB, but the test parts, which decided nothing, got")


@pytest.mark.parametrize(
    ("tuned", "word", "look"),
    [
        ((23.3401, 0.7473), "No different on the test parts: +0.00 dB", "use-with-care"),
        ((23.4373, 0.7400), "Better on the test parts in PSNR, worse in SSIM: +0.10 dB", "use-with-care"),
    ],
)
def test_what_is_neither_better_nor_worse_is_not_called_so(tuned: tuple[float, float], word: str, look: str) -> None:
    found = verdict_on(record(tuned))
    assert (found.word[: len(word)], found.look) == (word, look)


def test_the_base_model_that_was_kept_is_called_so(tmp_path: Path) -> None:
    made = record(tuned=None)
    page = finetuned_page(written(tmp_path, made))
    words = Seen(page).words
    assert verdict_on(made).look == "not-judged"
    assert "The base model was kept" in words
    assert "Nothing was gained on validation in 200 steps" in words
    assert "Nothing: the base model was kept." in words
    assert "at step 136 (not kept)" in words
    assert rows(page, "PSNR (dB)")[0] == ["movie", "base model", "linear", "optical_flow", "planes"]
    assert {row[0] for row in rows(page, "Numbers of Gain on validation")[1:]} == {"gain"}


def test_several_movies_are_told_apart_and_their_mean_counts_each_alike(tmp_path: Path) -> None:
    made = record()
    made["scores"] += scores("b.tif", (30.0, 0.9), (29.8, 0.91), frames=7) + scores("b.tif", (20.0, 0.5), (20.6, 0.55))
    strips = {
        p: {"area": area(0, left, 100, width)} for p, left, width in (("training", 0, 150), ("validation", 182, 60))
    }
    strips["test"] = {"area": area(0, 274, 100, 60)}
    for name in ("b.tif", "b.tif"):
        movie = deepcopy(made["run"]["movies"][0])
        made["run"]["movies"].append(movie | {"name": name, "split": {"along": "space"} | strips})
    made["failed"] = {"x.tif": "x.tif has 3 frames along time, too few to learn from: it takes 5."}
    found = verdict_on(made)
    assert found.word == (
        "Better on the test parts on average, worse on 1 of 3 movies: +0.26 dB PSNR, +0.0213 SSIM against the base"
        " model, mean of 3 movies"
    )
    assert found.look == "use-with-care"
    assert found.reasons[1:3] == ("b.tif: −0.20 dB PSNR, +0.0100 SSIM.", "b.tif: +0.60 dB PSNR, +0.0500 SSIM.")
    page = finetuned_page(written(tmp_path, made))
    table = rows(page, "PSNR (dB)")
    assert len(table) == 5
    assert table[-1] == ["mean over movies", "24.45", "24.70", "0.2573", "21.49", "22.99", "17"]
    words = Seen(page).words
    assert "guard: columns 150 to 181" in words
    assert "1 movie was divided into blocks of time for training, validation and test, with 2 frames between" in words
    assert "2 movies were divided into strips of the field for training, validation and test, with 32 pixels" in words
    assert "x.tif has 3 frames" in words


def test_movies_of_one_name_stay_apart() -> None:
    found = by_movie(scores("a", (1, 0), (2, 0)) + scores("a", (3, 0), (4, 0)) + scores("b", (5, 0), None))
    assert [(one["before"]["psnr"], len(one)) for one in found] == [(1, 4), (3, 4), (5, 3)]


@pytest.mark.parametrize(("frames", "height", "width", "unit"), [(30, 50, 60, "frames"), (8, 260, 70, "rows")])
def test_the_bar_covers_what_the_split_says(frames: int, height: int, width: int, unit: str) -> None:
    real = split(frames, height, width)
    plain = {
        p: {"targets": [part.targets.start, part.targets.stop], "area": vars(part.area)}
        for p in ("training", "validation", "test")
        for part in [getattr(real, p)]
    }
    found = parted("a.tif", {"along": real.along} | plain)
    assert found.unit == unit
    assert [s.part for s in found.stretches] == ["training", "guard", "validation", "guard", "test"]
    assert sum(s.length for s in found.stretches) == (frames if unit == "frames" else height)
    if unit == "frames":
        assert found.stretches[2:4] == (Stretch("validation", 16, 21), Stretch("guard", 22, 23))
    assert found.guard == (2 if unit == "frames" else 32)


def test_what_is_missing_is_left_out(tmp_path: Path) -> None:
    words = Seen(finetuned_page(written(tmp_path / "bare", record(), history=False))).words
    assert "Gain on validation" not in words
    assert "The last picture" not in words
    assert "+0.37 dB PSNR" in words
    folder = written(tmp_path / "no picture", record() | {"scores": [], "general": {}})
    (folder / "work" / "previews" / "step_000136.png").write_bytes(b"no picture")
    words = Seen(finetuned_page(folder)).words
    assert "The last picture" not in words
    assert "no frame of the test parts could be scored" in words


def test_it_is_made_again_from_its_folder_and_never_over_another_file(tmp_path: Path) -> None:
    folder = written(tmp_path / "model", record())
    done = run_cafi("report", "model", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"report": "model/report.html"}
    assert (folder / "report.html").read_text(encoding="utf-8") == finetuned_page(folder)
    (folder / "report.html").write_text("my own notes")
    with pytest.raises(CafiError, match="no report of cafi's"):
        cafi.make_report(folder)


@pytest.mark.parametrize("damage", ['{"improved": tr', "[]", '{"improved": false}'])
def test_a_damaged_record_is_told(tmp_path: Path, damage: str) -> None:
    (tmp_path / "finetune.json").write_text(damage)
    with pytest.raises(CafiError, match=r"finetune.json is damaged; `cafi finetune` with --overwrite"):
        cafi.make_report(tmp_path)


def test_a_file_in_the_way_of_the_page_is_told_before_anything_is_learned(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "report.html").write_text("my own notes")
    with pytest.raises(CafiError, match="no report of cafi's"):
        cafi.finetune(movie_file(tmp_path / "spots.ome.tif", frames=20), tmp_path / "model", steps=2)
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["report.html"]


@pytest.mark.slow
def test_finetuning_ends_with_its_report(tmp_path: Path) -> None:
    movie = movie_file(tmp_path / "spots.ome.tif", frames=20)
    made = cafi.finetune(movie, tmp_path / "model", steps=2, channels="0")
    assert made.report == tmp_path / "model" / "report.html"
    page = made.report.read_text(encoding="utf-8")
    (before,) = (score for score in made.scores if score.method == "before")
    assert rows(page, "PSNR (dB)")[1][1] == f"{before.psnr:.2f}"
    assert made.card.name == "kymo.json"
    assert json.loads(made.card.read_text())["sha256"] in page
    assert "The last picture" in page
    shutil.rmtree(tmp_path / "model" / "work")
    assert "The last picture" not in cafi.make_report(tmp_path / "model").read_text(encoding="utf-8")
