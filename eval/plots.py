"""Plots as inline SVG: pure functions from figures to markup.

Colours come from the page's style sheet (`.s0`, `.s1` … for systems, `.o0` … for outcomes), so that they follow light
and dark; shapes and dashes tell the systems apart without colour. Positions are rounded to a tenth of a unit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, LEFT, RIGHT = 400, 62, 380  # units of the drawing; the page scales it
TOP, BOTTOM, HEIGHT = 14, 226, 270
STYLES = 8
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 2", "6 2 1 2 1 2")
_SHAPES = (
    "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z",
    "M-3.6-3.6H3.6V3.6H-3.6Z",
    "M0-4.8 4.6 3.4H-4.6Z",
    "M0-5.2 5.2 0 0 5.2-5.2 0Z",
    "M0 4.8 4.6-3.4H-4.6Z",
    "M-1.5-4.6H1.5V-1.5H4.6V1.5H1.5V4.6H-1.5V1.5H-4.6V-1.5H-1.5Z",
    "M-4.4-3.2H4.4L2 4.4H-2Z",
    "M-4.6-4.6H-1.6L0-1.8 1.6-4.6H4.6L1.9 0 4.6 4.6H1.6L0 1.8-1.6 4.6H-4.6L-1.9 0Z",
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value between 0 and 1 with the ends of its interval, any of them None."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The points of one system; `style` is its place among all systems, `weights` the share behind each point."""

    name: str
    style: int
    points: Sequence[Point]
    weights: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A map from values to positions, linear or, for positive values, logarithmic."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        return round(self.start + (at - low) / (high - low) * (self.stop - self.start), 1)


def shape(style: int) -> str:
    """The path of a system's marker, around the origin."""
    return _SHAPES[style % STYLES]


def told(estimate: Estimate) -> str:
    """A value with its interval, in words."""
    if estimate.value is None:
        return "does not apply"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.3g} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def risk_coverage(curves: Sequence[Curve]) -> Markup:
    """Share of answers that are wrong over share of questions answered, the most confident first."""
    highest = max((risk for curve in curves for _, risk in curve.points), default=0.0)
    top = max(0.2, math.ceil(round(highest * 5, 6)) / 5)
    step = {0.2: 0.05, 0.4: 0.1}.get(top, 0.2)
    x, y = Scale(low=0, high=1, start=LEFT, stop=RIGHT), Scale(low=0, high=top, start=BOTTOM, stop=TOP)
    rungs = [round(step * i, 6) for i in range(round(top / step) + 1)]
    parts = _axes(x, y, QUARTERS, rungs, "coverage: share of questions answered", "risk: share of answers wrong")
    for curve in curves:
        parts += _line(curve, [(x(coverage), y(risk)) for coverage, risk in curve.points])
    ends = [(curve.name, curve.points[-1]) for curve in curves]
    said = [
        f"{name} answers {percent(at)} of the questions, {percent(risk)} of them wrongly" for name, (at, risk) in ends
    ]
    return _svg("Risk over coverage", "; ".join(said), HEIGHT, parts)


def reliability(curves: Sequence[Curve]) -> Markup:
    """Share right over mean confidence, a point for each bin of confidence whose size shows the answers in it."""
    x, y = Scale(low=0, high=1, start=LEFT, stop=RIGHT), Scale(low=0, high=1, start=BOTTOM, stop=TOP)
    parts = _axes(x, y, QUARTERS, QUARTERS, "confidence of the answer", "share of answers right")
    parts.append(f'<path class="ideal" d="M{LEFT} {BOTTOM}L{RIGHT} {TOP}"/>')
    parts.append(f'<text class="note" x="{RIGHT - 4}" y="{BOTTOM - 8}" text-anchor="end">too sure of itself</text>')
    parts.append(f'<text class="note" x="{LEFT + 6}" y="{TOP + 12}">too modest</text>')
    for curve in curves:
        places = [(x(said), y(was)) for said, was in curve.points]
        parts.append(_polyline(curve.style, places))
        for place, point, weight in zip(places, curve.points, curve.weights, strict=True):
            sure, right, held = map(percent, (*point, weight))
            tip = f"{curve.name}: confidence {sure}, right {right}, {held} of its answers"
            parts.append(_marker(curve.style, place, tip, size=0.6 + 1.6 * math.sqrt(weight)))
    said = [f"{c.name}: " + ", ".join(f"says {percent(a)} is {percent(b)}" for a, b in c.points) for c in curves]
    return _svg("Reliability of the confidence", "; ".join(said), HEIGHT, parts)


def latency(curves: Sequence[Curve]) -> Markup:
    """Share of the questions that are answered within a time; points are (seconds, share), time is logarithmic."""
    times = [max(seconds, 1e-6) for curve in curves for seconds, _ in curve.points]
    first, last = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    last = max(last, first + 1)
    x = Scale(low=10.0**first, high=10.0**last, start=LEFT, stop=RIGHT, log=True)
    y = Scale(low=0, high=1, start=BOTTOM, stop=TOP)
    every = 1 + (last - first) // 6
    rungs = [10.0**power for power in range(first, last + 1, every)]
    parts = _axes(x, y, rungs, QUARTERS, "time per question, logarithmic", "share of questions done", across=duration)
    described = []
    for curve in curves:
        steps: list[Point] = [(LEFT, y(0.0))]
        for seconds, share in curve.points:
            at = x(max(seconds, 1e-6))
            steps += [(at, steps[-1][1]), (at, y(share))]
        median = next(seconds for seconds, share in curve.points if share >= 0.5)
        described.append(f"{curve.name}: half of the questions within {duration(median)}")
        parts.append(_polyline(curve.style, steps))
        parts.append(_marker(curve.style, (x(max(median, 1e-6)), y(0.5)), described[-1]))
    return _svg("Time per question", "; ".join(described), HEIGHT, parts)


def forest(groups: Sequence[tuple[str, Sequence[tuple[str, int, Estimate]]]]) -> Markup:
    """Estimates with their intervals under the label of their measure; each row is (system, style, estimate)."""
    x = Scale(low=0, high=1, start=132, stop=352)
    parts: list[str] = []
    top = 6
    for label, rows in groups:
        parts.append(f'<text class="head" x="0" y="{top + 11}">{escape(label)}</text>')
        top += 16
        for name, style, estimate in rows:
            middle = top + 7
            tip = f"{name}, {label}: {told(estimate)}"
            parts.append(f'<path class="grid" d="M{x(0)} {middle}H{x(1)}"/>')
            parts.append(f'<text class="name" x="124" y="{middle + 4}" text-anchor="end">{escape(_short(name))}</text>')
            parts += _estimate(x, middle, style, estimate, tip)
            value = "–" if estimate.value is None else f"{estimate.value:.3f}"
            parts.append(f'<text class="value" x="{WIDTH}" y="{middle + 4}" text-anchor="end">{value}</text>')
            top += 15
        top += 5
    ends = [f'<text class="tick" x="{x(at)}" y="{top + 9}" text-anchor="middle">{at:g}</text>' for at in (0, 0.5, 1)]
    lines = [f'<path class="grid" d="M{x(at)} 22V{top - 4}"/>' for at in (0, 0.5, 1)]
    said = [f"{label}: " + ", ".join(f"{n} {told(e)}" for n, _, e in rows) for label, rows in groups]
    return _svg("Headline measures", "; ".join(said), top + 14, [*lines, *parts, *ends])


def category_bars(
    categories: Sequence[tuple[str, int, Sequence[Estimate]]], systems: Sequence[str], measure: str
) -> Markup:
    """A bar with its interval for each system in each category: (category, questions, an estimate per system)."""
    x = Scale(low=0, high=1, start=6, stop=RIGHT)
    parts: list[str] = []
    top = 4
    for category, n, estimates in categories:
        parts.append(f'<text class="head" x="6" y="{top + 11}">{escape(category)} <tspan>n {n:,}</tspan></text>')
        top += 17
        for style, (name, estimate) in enumerate(zip(systems, estimates, strict=True)):
            tip = f"{name}, {category}: {measure} {told(estimate)}"
            if estimate.value is not None:
                wide = round(x(estimate.value) - x(0), 1)
                parts.append(f'<rect class="bar s{style % STYLES}" x="{x(0)}" y="{top}" width="{wide}" height="8"/>')
            parts += _estimate(x, top + 4, style, estimate, tip, size=0.8)
            top += 12
        top += 7
    grid = [f'<path class="grid" d="M{x(at)} 2V{top}"/>' for at in QUARTERS]
    ticks = [f'<text class="tick" x="{x(at)}" y="{top + 14}" text-anchor="middle">{at:g}</text>' for at in QUARTERS]
    label = f'<text class="axis" x="{(6 + RIGHT) / 2:g}" y="{top + 32}" text-anchor="middle">{escape(measure)}</text>'
    said = [f"{c}: " + ", ".join(f"{s} {told(e)}" for s, e in zip(systems, es, strict=True)) for c, _, es in categories]
    return _svg(f"{measure} by category", "; ".join(said), top + 38, [*grid, *parts, *ticks, label])


def outcome_bars(shares: Sequence[tuple[str, Sequence[int]]], outcomes: Sequence[str]) -> Markup:
    """A bar for each system, cut into the outcomes of its questions: (system, questions per outcome)."""
    parts: list[str] = []
    described, top = [], 4
    for name, counts in shares:
        total = sum(counts) or 1
        x = Scale(low=0, high=total, start=0, stop=WIDTH)
        parts.append(f'<text class="head" x="0" y="{top + 11}">{escape(name)}</text>')
        for style, (count, (start, end)) in enumerate(
            zip(counts, itertools.pairwise(itertools.accumulate(counts, initial=0)), strict=True)
        ):
            if not count:
                continue
            left, wide = x(start), round(x(end) - x(start), 1)
            tip = f"{name}: {outcomes[style]}, {count:,} of {total:,} ({percent(count / total)})"
            parts.append(f'<rect class="part o{style}" x="{left}" y="{top + 17}" width="{wide}" height="24">')
            parts.append(f"<title>{escape(tip)}</title></rect>")
            if wide > 9 * len(f"{count:,}"):
                middle = round(left + wide / 2, 1)
                parts.append(f'<text class="on" x="{middle}" y="{top + 33}" text-anchor="middle">{count:,}</text>')
        kinds = [f"{outcomes[i]} {count:,}" for i, count in enumerate(counts) if count]
        described.append(f"{name}: {', '.join(kinds)}")
        top += 47
    x = Scale(low=0, high=1, start=0, stop=WIDTH)
    anchors = ("start", "middle", "middle", "middle", "end")
    parts += [
        f'<text class="tick" x="{x(at)}" y="{top + 8}" text-anchor="{anchor}">{percent(at)}</text>'
        for at, anchor in zip(QUARTERS, anchors, strict=True)
    ]
    parts.append(f'<text class="axis" x="{WIDTH / 2:g}" y="{top + 26}" text-anchor="middle">share of questions</text>')
    return _svg("What became of the questions", "; ".join(described), top + 32, parts)


def _estimate(x: Scale, middle: float, style: int, estimate: Estimate, tip: str, *, size: float = 1.0) -> list[str]:
    """A marker on its interval."""
    if estimate.value is None:
        return [f'<text class="note" x="{x(0) + 4}" y="{middle + 4}">does not apply</text>']
    parts = []
    if estimate.low is not None and estimate.high is not None:
        left, right = x(estimate.low), x(estimate.high)
        ends = f"M{left} {middle - 3}v6M{right} {middle - 3}v6"
        parts.append(f'<path class="whisker s{style % STYLES}" d="M{left} {middle}H{right}{ends}"/>')
    return [*parts, _marker(style, (x(estimate.value), middle), tip, size=size)]


def _axes(
    x: Scale,
    y: Scale,
    across_at: Sequence[float],
    up_at: Sequence[float],
    across_label: str,
    up_label: str,
    *,
    across: Callable[[float], str] = percent,
) -> list[str]:
    """Grid lines, ticks and labels; the vertical axis counts in per cent."""
    parts = []
    for at in up_at:
        parts.append(f'<path class="grid" d="M{LEFT} {y(at)}H{RIGHT}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y(at) + 4:g}" text-anchor="end">{percent(at)}</text>')
    for at in across_at:
        parts.append(f'<path class="grid" d="M{x(at)} {TOP}V{BOTTOM}"/>')
        parts.append(f'<text class="tick" x="{x(at)}" y="{BOTTOM + 16}" text-anchor="middle">{across(at)}</text>')
    middle, centre = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2
    parts.append(f'<text class="axis" x="{middle:g}" y="{BOTTOM + 36}" text-anchor="middle">{across_label}</text>')
    turned = f'transform="rotate(-90 10 {centre:g})"'
    parts.append(f'<text class="axis" x="10" y="{centre:g}" text-anchor="middle" {turned}>{up_label}</text>')
    return parts


def _line(curve: Curve, places: Sequence[Point]) -> Iterable[str]:
    """A curve with a marker at its end."""
    coverage, risk = curve.points[-1]
    yield _polyline(curve.style, places)
    yield _marker(curve.style, places[-1], f"{curve.name}: {percent(coverage)} answered, {percent(risk)} of them wrong")


def _polyline(style: int, places: Sequence[Point]) -> str:
    points = " ".join(f"{x},{y}" for x, y in places)
    dashes = f' stroke-dasharray="{_DASHES[style % STYLES]}"' if _DASHES[style % STYLES] else ""
    return f'<polyline class="line s{style % STYLES}" points="{points}"{dashes}/>'


def _marker(style: int, place: Point, tip: str, *, size: float = 1.0) -> str:
    at = f'transform="translate({place[0]} {place[1]})' + (f' scale({size:.2f})"' if size != 1 else '"')
    return f'<path class="mark s{style % STYLES}" d="{shape(style)}" {at}><title>{escape(tip)}</title></path>'


def _svg(title: str, description: str, height: float, parts: Iterable[str]) -> Markup:
    head = f'<svg class="plot" viewBox="0 0 {WIDTH} {height:g}" role="img">'
    told = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return Markup(head + told + "".join(parts) + "</svg>")


def _short(name: str, most: int = 19) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
