"""One description of a run, three faces."""

import pytest

from cafi.errors import CafiError
from cafi.run import Run, describe_run, read_run


def test_options_find_their_part():
    run = describe_run(factor=4, method="linear", memory="800MB", axes="TYX", compression="zstd")
    assert (run.timeline.factor, run.method.method, run.engine.memory) == (4, "linear", "800MB")
    assert (run.read.axes, run.write.compression) == ("TYX", "zstd")


def test_options_lie_over_a_given_run():
    run = describe_run(describe_run(factor=4, method="linear"), method="cubic")
    assert (run.timeline.factor, run.method.method) == (4, "cubic")


def test_an_unknown_option_is_refused_with_the_known_ones():
    with pytest.raises(CafiError, match=r"no option 'fcator'; the options are .*factor.*method"):
        describe_run(fcator=4)


def test_toml_and_keywords_agree(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('[timeline]\nfactor = 3\n[method]\nmethod = "cubic"\n[engine]\nmemory = "1GB"\n')
    assert read_run(path) == describe_run(factor=3, method="cubic", memory="1GB")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[timeline]\nfactr = 3\n", r"timeline\.factr: extra inputs are not permitted"),
        ("[timeline\n", "is not valid TOML"),
        ("version = 2\n", "version: input should be 1"),
    ],
)
def test_a_wrong_description_is_refused_in_a_sentence(tmp_path, text, sentence):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(CafiError, match=sentence):
        read_run(path)


def test_a_rule_about_several_options_names_them_and_nothing_else():
    with pytest.raises(CafiError) as refused:
        describe_run(factor=3, every="1s")
    assert str(refused.value) == "--factor and --every exclude each other; give one of them."


def test_a_description_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(CafiError, match=r"nothere\.toml: there is no such file; check the name"):
        read_run(tmp_path / "nothere.toml")


def test_a_run_survives_json():
    run = describe_run(factor=3, scene=1)
    assert Run.model_validate_json(run.model_dump_json()) == run
