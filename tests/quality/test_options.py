import pytest
from pydantic import ValidationError

from cafi.quality.options import EvaluateOptions


@pytest.mark.parametrize(("given", "drops"), [(2, (2,)), ([3, 2], (2, 3)), ("4,2", (2, 4)), ((2, 2), (2,))])
def test_rates_are_a_number_a_list_or_text(given, drops):
    assert EvaluateOptions(drop=given).drops == drops


@pytest.mark.parametrize("given", [1, "two", [2, 0], True, None])
def test_other_rates_are_refused(given):
    with pytest.raises(ValidationError):
        EvaluateOptions(drop=given)


def test_methods_and_channels_may_be_lists():
    options = EvaluateOptions(methods=["linear", "kymo"], channels=[0, "GFP"])
    assert (options.methods, options.channels) == ("linear,kymo", "0,GFP")
