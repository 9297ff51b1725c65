"""Where tickets stand in a drawing of their track: in layers, with few lines that cross."""

from collections.abc import Sequence
from typing import NamedTuple

SWEEPS = 8
"""Times that the layers are put in order by their neighbours; more change little."""
MOST_BENDS = 800
"""A line over several layers takes a row of each; with more of them lines are drawn straight."""


class Place(NamedTuple):
    """A layer, and a row in it; both count from 0."""

    layer: int
    row: int


class Layout(NamedTuple):
    """Places for all nodes and lines."""

    nodes: list[Place]
    bends: list[list[list[Place]]]
    """For each node, for each that it depends on, the places that the line goes through."""


def layout(needs: Sequence[Sequence[int]]) -> Layout:
    """Return places for a graph without circles; `needs` names what each node depends on.

    A node stands in the layer behind the last one that it depends on, and a line has a row of its
    own in each layer that it crosses. In a layer, all are put in the order of the middle of their
    neighbours, back and forth.

    >>> layout([[], [0], [0, 1]])
    Layout(nodes=[Place(layer=0, row=0), Place(layer=1, row=0), Place(layer=2, row=0)], \
bends=[[], [[]], [[Place(layer=1, row=1)], []]])
    """
    layers = _layers(needs)
    lengths = [
        [layers[node] - layers[other] - 1 for other in those] for node, those in enumerate(needs)
    ]
    if sum(map(sum, lengths)) > MOST_BENDS:
        lengths = [[0] * len(those) for those in needs]
    linked, chains = _with_bends(needs, lengths, layers)
    rows = _in_order(linked, layers)
    places = [Place(layer, rows[point]) for point, layer in enumerate(layers)]
    bends = [[[places[point] for point in chain] for chain in those] for those in chains]
    return Layout(places[: len(needs)], bends)


def _with_bends(
    needs: Sequence[Sequence[int]], lengths: Sequence[Sequence[int]], layers: list[int]
) -> tuple[list[list[int]], list[list[list[int]]]]:
    """Return the graph with a point in each layer that a line crosses, and the points by line.

    The layers of the points are added to `layers`.
    """
    linked: list[list[int]] = [[] for _ in needs]
    chains: list[list[list[int]]] = []
    for node, those in enumerate(needs):
        chains.append([])
        for other, length in zip(those, lengths[node], strict=True):
            chain: list[int] = []
            last = other
            for step in range(length):
                layers.append(layers[other] + 1 + step)
                linked.append([last])
                last = len(linked) - 1
                chain.append(last)
            linked[node].append(last)
            chains[node].append(chain)
    return linked, chains


def _in_order(linked: Sequence[Sequence[int]], layers: Sequence[int]) -> list[int]:
    """Return the row of each point."""
    wanted = _turned(linked)
    members: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
    for point, layer in enumerate(layers):
        members[layer].append(point)
    rows = [0] * len(linked)
    for points in members:
        for row, point in enumerate(points):
            rows[point] = row
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours: Sequence[Sequence[int]] = linked if forward else wanted
        for points in members if forward else members[::-1]:
            wishes = {
                point: _middle(point, neighbours[point], rows, members, layers) for point in points
            }
            points.sort(key=wishes.__getitem__)
            for row, point in enumerate(points):
                rows[point] = row
    return rows


def _middle(
    point: int,
    neighbours: Sequence[int],
    rows: Sequence[int],
    members: Sequence[Sequence[int]],
    layers: Sequence[int],
) -> float:
    """Return where a point wants to be, between 0 and 1, for layers differ in size."""
    others = neighbours or [point]
    places = ((rows[other] + 0.5) / len(members[layers[other]]) for other in others)
    return sum(places) / len(others)


def _layers(needs: Sequence[Sequence[int]]) -> list[int]:
    """Return the layer of each node, in time linear in the number of lines, however deep it is."""
    wanted = _turned(needs)
    open_ones = [len(those) for those in needs]
    layers = [0] * len(needs)
    front = [node for node, count in enumerate(open_ones) if not count]
    while front:
        node = front.pop()
        for other in wanted[node]:
            layers[other] = max(layers[other], layers[node] + 1)
            open_ones[other] -= 1
            if not open_ones[other]:
                front.append(other)
    return layers


def _turned(needs: Sequence[Sequence[int]]) -> list[list[int]]:
    wanted: list[list[int]] = [[] for _ in needs]
    for node, those in enumerate(needs):
        for other in those:
            wanted[other].append(node)
    return wanted
