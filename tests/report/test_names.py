"""Names where there is little room: they break between words, and are cut so that they stay apart."""

from pipeline.report.names import breakable, cut, short_names


def test_names_break_behind_underscores_and_are_escaped() -> None:
    assert breakable("mean_absolute_error<b>") == "mean_<wbr>absolute_<wbr>error&lt;b&gt;"
    assert breakable("optimizer.rate=0.01 samples/s") == "optimizer.<wbr>rate=0.01 samples/s"


def test_names_that_fit_stay_as_they_are_and_others_keep_both_ends() -> None:
    assert short_names(["cat", "dog"], 5) == ["cat", "dog"]
    assert short_names(["cat", "a class that is the 17th"], 10) == ["cat", "a cla…17th"]
    assert cut("abcdefghij", 5) == "ab…ij"


def test_labels_that_share_long_ends_stay_apart() -> None:
    names = [f"Household appliances / kitchen / small / model {number:03d} / EU" for number in range(500)]
    short = short_names(names, 16)
    assert short[7] == "Household a…007…"
    assert len(set(short)) == 500
    both = [*names, *(name.replace("Household appliances", "Garden furniture") for name in names)]
    assert len(set(short_names(both, 16))) == 1000


def test_a_number_tells_apart_what_nothing_else_does() -> None:
    alike = ["a" * 50 + middle + "b" * 50 for middle in "xyz"]
    short = short_names(alike, 16)
    assert [name[-2:] for name in short] == ["#1", "#2", "#3"]
    assert max(map(len, short)) <= 16
    assert len(set(short_names(["same" * 9, "same" * 9], 16))) == 1
