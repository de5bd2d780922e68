"""The model as the report shows it: its layers, what feeds what, the diagram."""

import re
from itertools import pairwise

import keras
import pytest

from pipeline.report.diagram import BOX_HEIGHT, BOX_WIDTH, diagram
from pipeline.report.layers import layer_edges, layer_table


def branched() -> keras.Model:
    first, second = keras.Input((4,), name="first"), keras.Input((None, 2), name="second")
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="within")], name="inner")
    short = keras.layers.Dense(3, name="short")(first)
    left = inner(keras.layers.Dropout(0.1, name="drop")(first))
    right = keras.layers.LSTM(3, name="memory")(second)
    total = keras.layers.Add(name="total")([left + short, right])
    return keras.Model([first, second], keras.layers.Dense(1, name="out")(total))


def test_layers_are_listed_with_shape_and_parameters_and_those_within_below() -> None:
    model = branched()
    model.get_layer("memory").trainable = False
    rows = {row["name"]: row for row in layer_table(model)}
    assert rows["second"]["shape"] == "?×2"
    assert rows["inner"]["parameters"] == rows["within"]["parameters"] == 15
    assert (rows["inner"]["depth"], rows["within"]["depth"]) == (0, 1)
    assert [row["name"] for row in layer_table(model) if not row["trainable"]] == ["memory"]
    assert sum(row["parameters"] for row in rows.values() if row["depth"] == 0) == model.count_params()


def test_edges_pass_through_operations_on_tensors() -> None:
    edges = layer_edges(branched())
    assert ["inner", "total"] in edges
    assert ["short", "total"] in edges
    assert ["memory", "total"] in edges
    assert len(edges) == 8


def test_sequential_is_a_chain_and_code_has_no_edges() -> None:
    class Coded(keras.Model):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.only = keras.layers.Dense(units, name="only")

        def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
            return self.only(inputs)

    chain = keras.Sequential([keras.layers.Dense(2, name="a"), keras.layers.Dense(2, name="b")])
    assert layer_edges(chain) == [["a", "b"]]
    coded = Coded(3)
    assert layer_edges(coded) == []
    assert [(row["name"], row["parameters"]) for row in layer_table(coded)] == [("only", 0)]


def test_boxes_are_below_what_feeds_them_and_none_overlap() -> None:
    model = branched()
    edges = layer_edges(model)
    drawn = diagram(layer_table(model), edges)
    assert drawn is not None
    boxes = {box.name: box for box in drawn.boxes}
    assert all(boxes[source].y < boxes[target].y for source, target in edges)
    placed = sorted((box.y, box.x) for box in drawn.boxes)
    for (y, x), (next_y, next_x) in pairwise(placed):
        assert next_y > y or next_x >= x + BOX_WIDTH
    assert all(0 <= box.x <= drawn.width - BOX_WIDTH and box.y + BOX_HEIGHT <= drawn.height for box in drawn.boxes)
    assert len(drawn.paths) == len(edges)


def test_lines_pass_beside_the_boxes_between() -> None:
    layers = [{"name": n, "type": "Dense", "shape": "1", "depth": 0} for n in ("top", "middle", "end")]
    drawn = diagram(layers, [["top", "middle"], ["middle", "end"], ["top", "end"]])
    assert drawn is not None
    middle = next(box for box in drawn.boxes if box.name == "middle")
    passage = re.search(r"L([\d.]+),", drawn.paths[2])
    assert passage is not None
    assert not middle.x <= float(passage[1]) <= middle.x + BOX_WIDTH


@pytest.mark.parametrize("edges", [[], [["a", "gone"]]])
def test_nothing_is_drawn_where_nothing_is_known(edges: list[list[str]]) -> None:
    assert diagram([{"name": "a", "type": "Dense", "shape": "", "depth": 0}], edges) is None


def test_layers_that_feed_each_other_in_a_circle_are_drawn() -> None:
    layers = [{"name": n, "type": "Dense", "shape": "", "depth": 0} for n in ("a", "b", "c")]
    assert diagram(layers, [["a", "b"], ["b", "c"], ["c", "b"], ["b", "b"]]) is not None
