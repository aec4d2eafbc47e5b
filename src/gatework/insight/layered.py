"""Where the boxes of a flow diagram stand and how their wires run: columns from left to right, right angles.

The stages of Sugiyama, Tagawa and Toda (1981, doi:10.1109/TSMC.1981.4308636): a column for each box; an order in
each column with few crossings; heights that make wires straight; a place for each vertical piece of a wire.
Wires from one box are one net: they share their way until they part. A net that passes a column has a place
there (a passage), as if it were a box.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Port = Literal["left", "top", "bottom"]
Point = tuple[float, float]
Ports = dict[tuple[int, int], tuple[Port, int]]
"""(box, wire) -> where it enters; how far above the centre, in grid units, if that is from the left."""

GRID = 0.25
"""The unit of the heights."""
GAP = 1
"""Grid units between what stands in one column."""
APPROACH = 2
"""Grid units above or below a box for a wire that enters there."""
TRACK = 0.26
"""Between two vertical pieces of wires."""
MARGIN = 0.34
"""Between a box and the first vertical piece."""
SWEEPS = 12
SEEDS = 6
MOST_PERMUTATIONS = 6
MOST_LAYOUTS = 16


@dataclass(frozen=True)
class Box:
    """What is placed.

    Attributes:
        sources: the boxes that its wires come from, each a smaller number than its own.
        width: its width.
        room: the width that its column must have for it, if that is more.
        up, down: how far it reaches above and below its centre, in grid units.
        first, last: whether it stands in the first or in the last column.
        closed: whether no wire can enter from below.
        main: which of two wires should go straight through it.
        straight: whether that matters more than for others.
    """

    sources: tuple[int, ...]
    width: float
    up: int
    down: int
    room: float = 0.0
    first: bool = False
    last: bool = False
    closed: bool = False
    main: int = 0
    straight: bool = False


@dataclass(frozen=True)
class Route:
    """A wire: from which box, the how manieth of which box, where it enters, and the corners on its way."""

    source: int
    target: int
    wire: int
    port: Port
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Layout:
    """The centres of the boxes, the column of each, and the wires' routes."""

    centres: tuple[Point, ...]
    columns: tuple[int, ...]
    routes: tuple[Route, ...]


def arrange(boxes: Sequence[Box], pairs: Iterable[tuple[int, int]] = ()) -> Layout:
    """Place boxes and wires.

    Args:
        boxes: in the order of computation.
        pairs: boxes of the first and last column that should stand in one order, the first pair lowest, and at
            the same height, if nothing is lost by it.
    """
    net, pairs = _Nets(boxes, _columns(boxes)), list(pairs)
    layouts = []
    for order in _orders(net, pairs):
        ports = _ports(boxes, net, order)
        layouts.append(_routed(boxes, net, order, ports, _heights(boxes, net, order, ports, pairs)))
    return min(layouts, key=lambda layout: _cost(layout, pairs))


def _cost(layout: Layout, pairs: list[tuple[int, int]]) -> float:
    """How much there is to follow for the eye: nets on one line, crossings, pairs out of order, corners, the way."""
    starts = [layout.centres[left][1] for left, _ in pairs]
    disorder = sum(low > high for low, high in itertools.combinations(starts, 2))
    ways = [(route.source, *ends) for route in layout.routes for ends in itertools.pairwise(route.points)]
    level = {(net, y, min(a, b), max(a, b)) for net, (a, y), (b, end) in ways if y == end}
    upright = {(net, x, min(a, b), max(a, b)) for net, (x, a), (end, b) in ways if x == end}
    crossings = sum(
        net != other and left < x < right and low < y < high
        for net, y, left, right in level
        for other, x, low, high in upright
    )
    merged = sum(
        one[0] != two[0] and one[1] == two[1] and max(one[2], two[2]) < min(one[3], two[3])
        for pieces in (level, upright)
        for one, two in itertools.combinations(pieces, 2)
    )
    corners = {(route.source, point) for route in layout.routes for point in route.points[1:-1]}
    way = sum(high - low for *_, low, high in upright)
    return 10 * merged + crossings + 2 * disorder + 0.3 * len(corners) + 0.05 * way


def _columns(boxes: Sequence[Box]) -> list[int]:
    """The column of each box: right of its sources, and where nets are short."""
    columns: list[int] = []
    for box in boxes:
        columns.append(0 if box.first else 1 + max((columns[source] for source in box.sources), default=0))
    end = 1 + max(column for box, column in zip(boxes, columns, strict=True) if not box.last)
    columns = [end if box.last else column for box, column in zip(boxes, columns, strict=True)]
    targets: dict[int, list[int]] = defaultdict(list)
    for index, box in enumerate(boxes):
        for source in box.sources:
            targets[source].append(index)

    def length(index: int) -> int:
        """The columns that the nets at a box cross."""
        nets = {index, *boxes[index].sources}
        return sum(max((columns[target] for target in targets[n]), default=columns[n]) - columns[n] for n in nets)

    for _ in range(len(boxes)):
        before = list(columns)
        for index, box in enumerate(boxes):
            if box.first or box.last:
                continue
            lowest = 1 + max((columns[source] for source in box.sources), default=0)
            highest = min((columns[target] for target in targets[index]), default=end) - 1
            tried = []
            for column in range(lowest, highest + 1):
                columns[index] = column
                tried.append((length(index), column))
            columns[index] = min(tried)[1] if tried else before[index]
        if columns == before:
            break
    return columns


class _Nets:
    """Boxes and passages as items: an item's column, its net, and the items of the next column that it leads to."""

    def __init__(self, boxes: Sequence[Box], columns: list[int]) -> None:
        self.column = list(columns)
        self.owner = list(range(len(boxes)))
        self.next: dict[int, list[tuple[int, int]]] = defaultdict(list)  # item -> (item, wire); -1 for a passage
        farthest = list(columns)
        for index, box in enumerate(boxes):
            for source in box.sources:
                farthest[source] = max(farthest[source], columns[index])
        self.passages: dict[tuple[int, int], int] = {}
        for source, end in enumerate(farthest):
            item = source
            for column in range(columns[source] + 1, end):
                self.passages[source, column] = len(self.column)
                self.next[item].append((len(self.column), -1))
                item = len(self.column)
                self.column.append(column)
                self.owner.append(source)
        self.into: dict[int, list[int]] = defaultdict(list)  # box -> the items that its wires come from
        for index, box in enumerate(boxes):
            for wire, source in enumerate(box.sources):
                item = self.passages.get((source, columns[index] - 1), source)
                self.next[item].append((index, wire))
                self.into[index].append(item)

    @property
    def items(self) -> range:
        return range(len(self.column))

    def edges(self) -> list[tuple[int, int]]:
        """All pairs of items in neighbouring columns that a wire leads between."""
        return sorted({(item, target) for item in self.items for target, _ in self.next[item]})


def _orders(net: _Nets, pairs: list[tuple[int, int]]) -> list[list[list[int]]]:
    """Orders from bottom to top in every column, with few crossings, the best first.

    The boxes of pairs stand in one order in the first and last column.
    """
    found: list[tuple[int, list[list[int]]]] = []
    for permuted in itertools.islice(itertools.permutations(pairs), MOST_PERMUTATIONS):
        for seed in range(SEEDS):
            order = _swept(net, permuted, random.Random(seed))
            if order not in [known for _, known in found]:
                found.append((_crossings(net, order), order))
    found.sort(key=lambda candidate: candidate[0])
    return [order for crossings, order in found[:MOST_LAYOUTS] if crossings <= found[0][0] + 1]


def _swept(net: _Nets, pairs: Sequence[tuple[int, int]], chance: random.Random) -> list[list[int]]:
    """Orders by repeated means of the neighbours' places and exchanges of neighbours, from a start by chance."""
    count = max(net.column) + 1
    order: list[list[int]] = [[item for item in net.items if net.column[item] == column] for column in range(count)]
    fixed = {0: [left for left, _ in pairs], count - 1: [right for _, right in pairs]}
    for column, items in enumerate(order):
        chance.shuffle(items)
        order[column] = fixed.get(column, items)
    before, after = defaultdict(list), defaultdict(list)
    for item, target in net.edges():
        before[target].append(item)
        after[item].append(target)
    best, fewest = [list(items) for items in order], _crossings(net, order)
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for column in range(count) if forth else reversed(range(count)):
            if column in fixed:
                continue
            near = order[column - 1] if forth else order[column + 1]
            place = {item: index for index, item in enumerate(near)}
            neighbours = before if forth else after
            means = {}
            for index, item in enumerate(order[column]):
                places = [place[other] for other in neighbours[item] if other in place]
                means[item] = sum(places) / len(places) if places else index
            order[column].sort(key=means.__getitem__)
        _exchange(order, fixed, before, after)
        crossings = _crossings(net, order)
        if crossings < fewest:
            best, fewest = [list(items) for items in order], crossings
    return best


def _exchange(
    order: list[list[int]],
    fixed: dict[int, list[int]],
    before: dict[int, list[int]],
    after: dict[int, list[int]],
) -> None:
    """Exchange neighbours while that removes crossings."""
    place = {item: index for items in order for index, item in enumerate(items)}

    def crossings(low: int, high: int) -> int:
        """Between the wires of two neighbours."""
        return sum(place[a] > place[b] for near in (before, after) for a, b in itertools.product(near[low], near[high]))

    improved = True
    while improved:
        improved = False
        for column, items in enumerate(order):
            for k in range(len(items) - 1 if column not in fixed else 0):
                low, high = items[k], items[k + 1]
                if crossings(high, low) < crossings(low, high):
                    items[k], items[k + 1] = high, low
                    place[high], place[low] = k, k + 1
                    improved = True


def _crossings(net: _Nets, order: list[list[int]]) -> int:
    """How many pairs of wires of different nets cross."""
    place = {item: index for items in order for index, item in enumerate(items)}
    found = 0
    for items in order:
        edges = [(place[item], place[target]) for item in items for target, _ in net.next[item]]
        found += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in itertools.combinations(edges, 2))
    return found


def _ports(boxes: Sequence[Box], net: _Nets, order: list[list[int]]) -> Ports:
    """Where each wire enters its box: one from the left, others from above and below, still more from the left."""
    place = {item: index for items in order for index, item in enumerate(items)}
    ports: Ports = {}
    for index, box in enumerate(boxes):
        wires = sorted(range(len(box.sources)), key=lambda wire: (place[net.into[index][wire]], wire))
        if not box.closed and (len(wires) > 2 or (len(wires) == 2 and wires[1] == box.main)):
            ports[index, wires.pop(0)] = ("bottom", 0)
        if len(wires) > 1:
            ports[index, wires.pop()] = ("top", 0)
        for rank, wire in enumerate(wires):
            offset = round((2 * rank / (len(wires) - 1) - 1) * (box.up - 1)) if len(wires) > 1 else 0
            ports[index, wire] = ("left", offset)
    return ports


def _heights(
    boxes: Sequence[Box],
    net: _Nets,
    order: list[list[int]],
    ports: Ports,
    pairs: list[tuple[int, int]],
) -> list[int]:
    """The height of every item in grid units: as straight as the order allows."""
    up, down = _extents(boxes, net, ports)
    height = [0] * len(net.column)
    apart: list[tuple[int, int, int]] = []
    for items in order:
        for low, high in itertools.pairwise(items):
            distance = up[low] + down[high] + GAP
            apart.append((low, high, distance))
            height[high] = height[low] + distance
    costs: list[tuple[int, int, Callable[[int], int]]] = []
    for item in net.items:
        for target, wire in net.next[item]:
            port, offset = ports.get((target, wire), ("left", 0))
            if port == "left":
                weight = 4 if target >= len(boxes) or boxes[target].straight else 2
                costs.append((item, target, lambda d, w=weight, o=offset: w * abs(d - o)))  # type: ignore[misc]
            else:
                side = 1 if port == "top" else -1
                reach = (boxes[target].up if port == "top" else boxes[target].down) + APPROACH - 1
                costs.append((item, target, lambda d, s=side, r=reach: max(s * d - r, 4 * (r - s * d))))  # type: ignore[misc]
    costs += [(left, right, lambda d: abs(d)) for left, right in pairs]
    return _relaxed(height, apart, costs)


def _extents(boxes: Sequence[Box], net: _Nets, ports: Ports) -> tuple[list[int], list[int]]:
    up = [box.up for box in boxes] + [0] * (len(net.column) - len(boxes))
    down = [box.down for box in boxes] + [0] * (len(net.column) - len(boxes))
    for (index, _), (port, _) in ports.items():
        if port == "top":
            up[index] = boxes[index].up + APPROACH
        elif port == "bottom":
            down[index] = boxes[index].down + APPROACH
    return up, down


def _relaxed(
    height: list[int], apart: list[tuple[int, int, int]], costs: list[tuple[int, int, Callable[[int], int]]]
) -> list[int]:
    """The cheapest heights that keep things apart.

    Costs are convex functions of differences, so that heights which no shift of any set of items by one
    improves are the best there are (Murota 2003), and a minimum cut finds the best set.
    """
    moved = True
    while moved:
        moved = False
        for shift in (1, -1):
            chosen = _best_set(height, apart, costs, shift)
            if chosen:
                moved = True
                for item in chosen:
                    height[item] += shift
    return height


def _best_set(
    height: list[int],
    apart: list[tuple[int, int, int]],
    costs: list[tuple[int, int, Callable[[int], int]]],
    shift: int,
) -> set[int]:
    """The items whose common shift saves most; empty if none does."""
    source, sink = -1, -2
    capacity: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    single: dict[int, int] = defaultdict(int)
    for low, high, distance in apart:
        if height[high] - height[low] == distance:
            capacity[low if shift > 0 else high][high if shift > 0 else low] = float("inf")
    for first, second, cost in costs:
        d = height[first] - height[second]
        here, one, other = cost(d), cost(d + shift), cost(d - shift)
        single[first] += one - here
        single[second] += here - one
        capacity[second][first] += one + other - 2 * here
    for item, change in single.items():
        if change > 0:
            capacity[item][sink] += change
        elif change < 0:
            capacity[source][item] -= change
    saved = sum(capacity[source].values())
    flow, reached = _cut(capacity, source, sink)
    return reached - {source} if flow < saved else set()


def _cut(capacity: dict[int, dict[int, float]], source: int, sink: int) -> tuple[float, set[int]]:
    """A minimum cut (Edmonds and Karp 1972): its capacity, and the side of the source."""
    flow = 0.0
    while True:
        came: dict[int, int] = {source: source}
        waiting = deque([source])
        while waiting and sink not in came:
            node = waiting.popleft()
            for other, left in list(capacity[node].items()):
                if left > 0 and other not in came:
                    came[other] = node
                    waiting.append(other)
        if sink not in came:
            return flow, set(came)
        path = [sink]
        while path[-1] != source:
            path.append(came[path[-1]])
        steps = [(path[k + 1], path[k]) for k in range(len(path) - 1)]
        least = min(capacity[a][b] for a, b in steps)
        for a, b in steps:
            capacity[a][b] -= least
            capacity[b][a] += least
        flow += least


def _routed(
    boxes: Sequence[Box],
    net: _Nets,
    order: list[list[int]],
    ports: Ports,
    heights: list[int],
) -> Layout:
    """Centres and corners: every column as wide as its widest box, every channel as its wires need."""
    up, down = _extents(boxes, net, ports)
    levels = _levels(boxes, net, order, ports, heights, up, down)
    width = [max((max(boxes[i].width, boxes[i].room) for i in items if i < len(boxes)), default=0.0) for items in order]
    left, tracks = [0.0], []
    for column in range(len(order) - 1):
        placed = _tracks(net, order[column], levels, heights)
        start = left[column] + width[column] + MARGIN
        tracks.append({item: start + track * TRACK for item, track in placed.items()})
        used = max(placed.values(), default=0)
        left.append(start + used * TRACK + MARGIN)
    middle = [left[c] + width[c] / 2 for c in net.column]
    y = [height * GRID for height in heights]
    routes = []
    for index, box in enumerate(boxes):
        for wire, source in enumerate(box.sources):
            way = [source, *(net.passages[source, c] for c in range(net.column[source] + 1, net.column[index])), index]
            points = [(middle[source] + boxes[source].width / 2, y[source])]
            for here, there in itertools.pairwise(way):
                level = levels[there, wire if there == index else -1] * GRID
                track = tracks[net.column[here]].get(here)
                if track is not None:
                    points += [(track, y[here]), (track, level)]
            port, _ = ports[index, wire]
            points.append((middle[index] - (box.width / 2 if port == "left" else 0), level))
            if port != "left":
                edge = box.up if port == "top" else -box.down
                points.append((middle[index], y[index] + edge * GRID))
            routes.append(Route(source, index, wire, port, _straightened(points)))
    centres = tuple((middle[i], y[i]) for i in range(len(boxes)))
    return Layout(centres, tuple(net.column[: len(boxes)]), tuple(routes))


def _levels(
    boxes: Sequence[Box],
    net: _Nets,
    order: list[list[int]],
    ports: Ports,
    heights: list[int],
    up: list[int],
    down: list[int],
) -> dict[tuple[int, int], int]:
    """At which height each wire reaches the column of its target: as near to where it comes from as is free."""
    levels: dict[tuple[int, int], int] = {}
    for items in order:
        for place, item in enumerate(items):
            levels[item, -1] = heights[item]
            for wire, source in enumerate(net.into.get(item, ())):
                port, offset = ports[item, wire]
                level = heights[item] + offset
                if port != "left":
                    side = 1 if port == "top" else -1
                    nearest = level + side * ((boxes[item].up if side > 0 else boxes[item].down) + APPROACH - 1)
                    farthest = heights[source]
                    if 0 <= place + side < len(items):
                        other = items[place + side]
                        reach = (down if side > 0 else up)[other] + GAP
                        farthest = heights[other] - side * (reach if net.owner[other] != net.owner[source] else 0)
                    level = side * max(side * nearest, min(side * heights[source], side * farthest))
                levels[item, wire] = level
    return levels


def _tracks(net: _Nets, items: list[int], levels: dict[tuple[int, int], int], heights: list[int]) -> dict[int, int]:
    """The places, from left to right, of the vertical pieces behind a column; none for straight nets."""
    ends = {item: [levels[target] for target in net.next[item]] for item in items}
    bent = [item for item in items if any(end != heights[item] for end in ends[item])]

    def clash(first: int, second: int) -> int:
        """What it costs that the first net turns left of the second."""
        ends_first, start = ends[first], heights[second]
        low, high = min(heights[first], *ends_first), max(heights[first], *ends_first)
        cost = sum(100 for end in ends_first if end == start) + (low <= start <= high)
        low, high = min(start, *ends[second]), max(start, *ends[second])
        return cost + sum(low <= end <= high for end in ends_first)

    if len(bent) <= 6:
        orders: Iterable[Sequence[int]] = itertools.permutations(bent)
    else:
        orders = [bent, bent[::-1]]
    best = min(orders, key=lambda order: sum(clash(a, b) for a, b in itertools.combinations(order, 2)))
    return {item: place for place, item in enumerate(best)}


def _straightened(points: list[Point]) -> tuple[Point, ...]:
    """Without points that are no corners."""
    kept: list[Point] = []
    for point in points:
        if kept and abs(kept[-1][0] - point[0]) < 1e-9 and abs(kept[-1][1] - point[1]) < 1e-9:
            continue
        while len(kept) > 1 and any(
            abs(kept[-2][k] - kept[-1][k]) + abs(kept[-1][k] - point[k]) < 1e-9 for k in (0, 1)
        ):
            kept.pop()
        kept.append(point)
    return tuple(kept)
