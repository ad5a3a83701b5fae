import warnings

import pytest

from cafi.cli import console


def test_run_time_warnings_are_told_in_one_sentence_and_others_as_ever(capsys):
    with console.told_warnings():
        warnings.warn("The run goes on.", RuntimeWarning, stacklevel=1)
        warnings.warn("The run goes on.", RuntimeWarning, stacklevel=1)
        with pytest.warns(DeprecationWarning, match="older"):
            warnings.warn("older", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().err == "note: The run goes on.\n" * 2
    with pytest.warns(RuntimeWarning, match="as before"):
        warnings.warn("as before", RuntimeWarning, stacklevel=1)
