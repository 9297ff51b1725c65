"""How the tickets of a track file relate: ids that are taken, dependencies that cannot be met."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from events.reading import Problems, quoted

LONGEST_CYCLE = 20
"""Ids that are printed of one cycle; of a longer one both ends."""


class Node(NamedTuple):
    """One ticket as far as it could be read."""

    place: str
    id: str
    key: str
    """The name under which the file gives its dependencies."""
    depends_on: Sequence[object]


def add_relation_problems(nodes: Sequence[Node], problems: Problems) -> None:
    """Add what is wrong between the tickets, in file order; then one cycle for each knot of them.

    The work is linear in the number of tickets and dependencies.
    """
    by_id: dict[str, Node] = {}
    by_folded: dict[str, Node] = {}
    for node in nodes:
        _add_id_problem(node, by_id, by_folded, problems)
    for node in nodes:
        for place, text in _dependency_problems(node, by_id, by_folded):
            problems.add(place, text)
    edges = {
        name: [other for other in _names(node.depends_on) if other in by_id and other != name]
        for name, node in by_id.items()
    }
    for cycle in cycles(edges):
        problems.add(f"{by_id[cycle[0]].place}.{by_id[cycle[0]].key}", f"a cycle: {_path(cycle)}")


def _add_id_problem(
    node: Node, by_id: dict[str, Node], by_folded: dict[str, Node], problems: Problems
) -> None:
    if node.id in by_id:
        problems.add(f"{node.place}.id", f"already taken by {by_id[node.id].place}")
    elif node.id.casefold() in by_folded:
        # Ids become the names of folders, and not every file system keeps such names apart.
        other = by_folded[node.id.casefold()].place
        problems.add(f"{node.place}.id", f"differs only in case from {other}")
    by_id.setdefault(node.id, node)
    by_folded.setdefault(node.id.casefold(), node)


def _dependency_problems(
    node: Node, by_id: dict[str, Node], by_folded: dict[str, Node]
) -> Iterator[tuple[str, str]]:
    first_at: dict[str, int] = {}
    for at, name in enumerate(node.depends_on):
        if not isinstance(name, str):
            continue
        place = f"{node.place}.{node.key}[{at}]"
        near = by_folded.get(name.casefold())
        if name == node.id:
            yield place, "a ticket cannot depend on itself"
        elif name in first_at:
            yield place, f"{quoted(name)} stands already at {node.key}[{first_at[name]}]"
        elif name not in by_id:
            hint = f" (did you mean {quoted(near.id)}?)" if near else ""
            yield place, f"no ticket {quoted(name)}{hint}"
        first_at.setdefault(name, at)


def _names(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _path(cycle: Sequence[str]) -> str:
    names = [*cycle, cycle[0]]
    left_out = len(names) - LONGEST_CYCLE
    if left_out > 0:
        half = LONGEST_CYCLE // 2
        names[half:-half] = [f"({left_out} more)"]
    return " -> ".join(names)


def cycles(edges: dict[str, list[str]]) -> list[list[str]]:
    """Return one cycle out of each set of nodes that all reach each other.

    A cycle begins with its first node in the order of `edges`; so do the cycles among themselves.
    """
    order = {name: at for at, name in enumerate(edges)}
    found = [_cycle_in(knot, edges, order) for knot in _knots(edges) if len(knot) > 1]
    return sorted(found, key=lambda cycle: order[cycle[0]])


def _cycle_in(knot: Sequence[str], edges: dict[str, list[str]], order: dict[str, int]) -> list[str]:
    inside = set(knot)
    walk: dict[str, int] = {}
    here = min(knot, key=order.__getitem__)
    while here not in walk:
        walk[here] = len(walk)
        here = next(other for other in edges[here] if other in inside)
    cycle = list(walk)[walk[here] :]
    first = cycle.index(min(cycle, key=order.__getitem__))
    return cycle[first:] + cycle[:first]


def _knots(edges: dict[str, list[str]]) -> Iterator[list[str]]:
    """Go through the strongly connected components: Tarjan's algorithm, with a stack of its own.

    `low` is the earliest node, in the order of the visits, that a node is known to reach.
    """
    visit: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: list[str] = []
    closed: set[str] = set()
    for root, targets in edges.items():
        path = [(root, iter(targets))] if root not in visit else []
        while path:
            node, others = path[-1]
            if node not in visit:
                visit[node] = low[node] = len(visit)
                open_nodes.append(node)
            for other in others:
                if other not in visit:
                    path.append((other, iter(edges[other])))
                    break
                if other not in closed:
                    low[node] = min(low[node], low[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == visit[node]:
                    yield _split_off(node, open_nodes, closed)


def _split_off(node: str, open_nodes: list[str], closed: set[str]) -> list[str]:
    knot = []
    while node not in closed:
        knot.append(open_nodes.pop())
        closed.add(knot[-1])
    return knot
