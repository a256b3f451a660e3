"""Places on a page as it is shown: cropped, turned, in points from its upper left corner."""

from __future__ import annotations

from typing import Any, NamedTuple

Rect = tuple[float, float, float, float]  # left, top, right, bottom in points from the page's upper left corner


class View(NamedTuple):
    """How a page's own coordinates become those of the page as shown: cropped, turned, from the upper left corner."""

    box: tuple[float, float, float, float]  # left, bottom, right, top
    quarter: int
    width: float
    height: float

    @classmethod
    def of(cls, page: Any) -> View:
        left, bottom, right, top = page.get_bbox()
        return cls((left, bottom, right, top), page.get_rotation() // 90 % 4, *page.get_size())

    def map(self, turn: int = 0) -> tuple[float, float, float, float, float, float]:
        """Of the page turned clockwise by `turn` quarter turns: x' = a x + b y + c and y' = d x + e y + f."""
        left, bottom, right, top = self.box
        maps = (
            (1.0, 0.0, -left, 0.0, -1.0, top),
            (0.0, 1.0, -bottom, 1.0, 0.0, -left),
            (-1.0, 0.0, right, 0.0, 1.0, -bottom),
            (0.0, -1.0, top, -1.0, 0.0, right),
        )
        return maps[(self.quarter + turn) % 4]

    def rect(self, left: float, bottom: float, right: float, top: float) -> Rect:
        a, b, c, d, e, f = self.map()
        x1, y1 = a * left + b * bottom + c, d * left + e * bottom + f
        x2, y2 = a * right + b * top + c, d * right + e * top + f
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def holds(self, ink: Rect) -> bool:
        return 0 <= (ink[0] + ink[2]) / 2 <= self.width and 0 <= (ink[1] + ink[3]) / 2 <= self.height

    def contains(self, ink: Rect) -> bool:
        return min(ink[:2]) >= 0 and ink[2] <= self.width and ink[3] <= self.height

    def clipped(self, ink: Rect) -> Rect:
        left, right = (min(max(x, 0.0), self.width) for x in (ink[0], ink[2]))
        top, bottom = (min(max(y, 0.0), self.height) for y in (ink[1], ink[3]))
        return left, top, right, bottom


def union(rects: list[Rect]) -> Rect:
    if len(rects) == 1:
        return rects[0]
    lefts, tops, rights, bottoms = zip(*rects, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
