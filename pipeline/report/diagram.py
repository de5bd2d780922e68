"""The diagram of a model: boxes in ranks, each layer below all of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

BOX_WIDTH, BOX_HEIGHT, ACROSS, DOWN = 180, 44, 24, 30
PASSAGE = 14
"""The width reserved for a line that passes a rank."""
MOST_LAYERS = 80

Edge = tuple[str, str]


@dataclass(frozen=True)
class Box:
    """A layer: its text, and the position of its upper left corner."""

    name: str
    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Diagram:
    """Boxes, the lines between them as SVG paths, and the total size."""

    boxes: Sequence[Box]
    paths: Sequence[str]
    width: float
    height: float


def diagram(layers: Sequence[Mapping[str, Any]], edges: Sequence[Sequence[str]]) -> Diagram | None:
    """Lays out the layers of a model.

    Args:
        layers: Rows of `layer_table`.
        edges: Pairs of `layer_edges`.

    Returns:
        The diagram; None if there is nothing to draw, or too much to be readable.
    """
    shown = {row["name"]: row for row in layers if row["depth"] == 0}
    there = [(source, target) for source, target in edges if source in shown and target in shown and source != target]
    there = list(dict.fromkeys(there))
    if not there or len(shown) > MOST_LAYERS:
        return None
    ranks = _ranks(list(shown), there)
    routes = _routes(there, ranks)
    members = _members(shown, ranks, routes)
    widths = {name: BOX_WIDTH if name in shown else PASSAGE for rank in members for name in rank}
    centres = _centres(members, routes, widths)
    left = min(centres[name] - widths[name] / 2 for name in centres)
    right = max(centres[name] + widths[name] / 2 for name in centres)
    boxes = [
        Box(_cut(name, 24), _cut(_text(shown[name]), 28), centres[name] - left - BOX_WIDTH / 2, _top(ranks[name]))
        for name in shown
    ]
    row_of = {name: number for number, rank in enumerate(members) for name in rank}
    paths = [_path([(centres[name] - left, _top(row_of[name])) for name in route]) for route in routes.values()]
    return Diagram(boxes, paths, right - left, _top(len(members)) - DOWN)


def _ranks(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Returns the length of the longest path from an input to each layer."""
    sources = {name: [source for source, target in edges if target == name] for name in names}
    ranks: dict[str, int] = {}

    def rank(name: str, above: frozenset[str]) -> int:
        if name not in ranks:
            # A layer that is used several times may feed itself through others.
            onward = [source for source in sources[name] if source not in above]
            ranks[name] = max((rank(source, above | {source}) + 1 for source in onward), default=0)
        return ranks[name]

    for name in names:
        rank(name, frozenset({name}))
    return ranks


def _routes(edges: Sequence[Edge], ranks: Mapping[str, int]) -> dict[Edge, list[str]]:
    """Returns the stops of each line: its ends, and its own passage in each rank between."""
    return {
        (source, target): [
            source,
            *(f"{source} > {target} @ {rank}" for rank in range(ranks[source] + 1, ranks[target])),
            target,
        ]
        for source, target in edges
    }


def _members(
    shown: Mapping[str, Any], ranks: Mapping[str, int], routes: Mapping[Edge, Sequence[str]]
) -> list[list[str]]:
    """Returns the layers and passages of each rank."""
    members: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
    for name in shown:
        members[ranks[name]].append(name)
    for (source, _), route in routes.items():
        for distance, name in enumerate(route[1:-1], 1):
            members[ranks[source] + distance].append(name)
    return members


def _centres(
    members: list[list[str]], routes: Mapping[Edge, Sequence[str]], widths: Mapping[str, float]
) -> dict[str, float]:
    """Returns the centre of each box and passage: below its inputs, as far as there is room."""
    sources: dict[str, list[str]] = {}
    for route in routes.values():
        for above, below in pairwise(route):
            sources.setdefault(below, []).append(above)
    centres: dict[str, float] = {}
    for rank in members:
        wanted: dict[str, float] = {}
        for name in rank:
            feeding = [centres[source] for source in sources.get(name, []) if source in centres]
            wanted[name] = sum(feeding) / len(feeding) if feeding else 0.0
        rank.sort(key=wanted.__getitem__)
        x = 0.0
        placed: dict[str, float] = {}
        for name in rank:
            placed[name] = x + widths[name] / 2
            x += widths[name] + ACROSS
        shift = sum(wanted[name] - placed[name] for name in rank) / len(rank)
        centres |= {name: place + shift for name, place in placed.items()}
    return centres


def _path(stops: Sequence[tuple[float, float]]) -> str:
    """Returns a curve from below the first stop to above the last, straight through the passages between."""
    x, y = stops[0][0], stops[0][1] + BOX_HEIGHT
    path = f"M{x:g},{y:g}"
    for number, (next_x, next_y) in enumerate(stops[1:], 1):
        last = number == len(stops) - 1
        # The arrowhead fills the rest.
        end = next_y - (5 if last else 0)
        middle = (y + end) / 2
        path += f" C{x:g},{middle:g} {next_x:g},{middle:g} {next_x:g},{end:g}"
        x, y = next_x, next_y
        if not last:
            y += BOX_HEIGHT
            path += f" L{x:g},{y:g}"
    return path


def _top(rank: int) -> float:
    return rank * (BOX_HEIGHT + DOWN)


def _text(row: Mapping[str, Any]) -> str:
    return " ".join(part for part in (row["type"], row["shape"]) if part)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
