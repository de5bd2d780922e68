"""Figures: text that may look like HTML, JSON that stays inside its script tag, points that are drawn."""

import json

import numpy as np
from markupsafe import Markup

from pipeline.report.figures import POINTS, Figure, decades, line_style, plot_text, rows_to_draw, script_json


def test_json_cannot_leave_its_script_tag_and_says_the_same() -> None:
    value = {"name": "</script><!--<script>", "text": "a & b\u2028"}
    text = script_json(value)
    assert isinstance(text, Markup)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_values_that_json_lacks_become_null_and_numpy_plain_values() -> None:
    value = {"a": np.array([[1.0, np.nan], [np.inf, 4.0]]), "b": np.int64(3), "c": 1 / 3}
    assert json.loads(script_json(value)) == {"a": [[1, None], [None, 4]], "b": 3, "c": 0.333333}


def test_text_for_plotly_is_escaped_and_cut() -> None:
    assert plot_text("<b>a</b>") == "&lt;b&gt;a&lt;/b&gt;"
    assert plot_text("a class that is the 17th", 10) == "a cla…17th"


def test_figure_gives_its_traces_and_layout() -> None:
    figure = Figure("title", "words", [{"x": [1]}], {"height": 3})
    assert json.loads(figure.json) == {"data": [{"x": [1]}], "layout": {"height": 3}}


def test_lines_of_the_same_colour_differ_in_dash() -> None:
    styles = {(style["color"], style["dash"]) for style in map(line_style, range(20))}
    assert len(styles) == 20


def test_points_are_drawn_by_chance_but_the_same_ones_each_time() -> None:
    assert rows_to_draw(5).tolist() == [0, 1, 2, 3, 4]
    rows = rows_to_draw(10 * POINTS)
    assert len(np.unique(rows)) == POINTS
    assert rows.max() > 9 * POINTS
    assert rows.tolist() == rows_to_draw(10 * POINTS).tolist()


def test_log_axis_is_offered_for_positive_values_and_proposed_where_they_span_decades() -> None:
    assert decades([1.0, None, 1000.0]) == 3
    assert decades([0.0, 1.0, 10.0]) == 1
    assert decades([-1.0, 1.0, 10.0]) is None
    assert decades([5.0]) is None
    assert Figure("", "", [], {}, decades=3).proposes_log
    assert not Figure("", "", [], {}, decades=1).proposes_log
    assert not Figure("", "", [], {}).proposes_log


def test_axes_write_numbers_as_tables_do() -> None:
    figure = Figure("", "", [{"x": [1, 2], "y": [1e5, None]}], {"xaxis": {"dtick": 1}, "yaxis": {}})
    shown = json.loads(figure.json)["layout"]
    assert shown["yaxis"]["separatethousands"]
    assert shown["xaxis"]["dtick"] == 1
