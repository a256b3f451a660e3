"""How far a figure can be trusted: intervals, paired differences, and what a suite could have seen at all.

Questions about one document rise and fall together, so documents are drawn, not questions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

RESAMPLES = 1_000  # for intervals
FLIPS = 10_000  # for p-values
LEVEL = 0.95
POWER = 0.8

Values = npt.NDArray[np.float64]  # one per question, NaN where it does not apply
Drawn = list[npt.NDArray[np.int64]]  # the questions of each resample, by number


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The mean of paired differences over `n` questions, its interval, the chance `p` of one as large if there were
    none, and the smallest one that would have been seen in four of five such suites."""

    difference: float
    low: float | None
    high: float | None
    p: float
    n: int
    detectable: float | None


def resamples(clusters: Sequence[str], *, seed: int = 0, number: int = RESAMPLES) -> Drawn:
    """Questions drawn by whole clusters with replacement, as many clusters as there are (Davison & Hinkley 1997,
    section 3.8). The same clusters and seed give the same resamples. Of one cluster there are none: it says nothing of
    others.
    """
    members = _members(clusters)
    if len(members) < 2:
        return []
    chance = np.random.default_rng(seed)
    return [np.concatenate([members[i] for i in chance.integers(0, len(members), len(members))]) for _ in range(number)]


def interval(statistic: Callable[[npt.NDArray[np.int64]], float], drawn: Drawn) -> tuple[float, float] | None:
    """The percentile interval of a statistic of question numbers (Efron 1979); None where no resample has a value."""
    found = np.array([statistic(chosen) for chosen in drawn])
    return _limits(found)


def mean_of(values: Values) -> Callable[[npt.NDArray[np.int64]], float]:
    """The mean over those of the questions to which a measure applies; NaN over none."""

    def mean(chosen: npt.NDArray[np.int64]) -> float:
        mine = values[chosen]
        mine = mine[~np.isnan(mine)]
        return float(mine.mean()) if len(mine) else float("nan")

    return mean


def difference(first: Values, second: Values, clusters: Sequence[str], drawn: Drawn) -> Difference | None:
    """`first` minus `second` over the questions that both are scored on; None where there are none.

    p is that of a two-sided randomisation test that changes the signs of whole clusters (Smucker et al. 2007, with
    clusters in place of topics). The detectable difference is (z(0.975) + z(0.8)) standard errors: Miller 2024,
    Adding Error Bars to Evals (arXiv:2411.00640), section 5.
    """
    apart = first - second
    both = ~np.isnan(apart)
    if not both.any():
        return None
    found = np.array([mean_of(apart)(chosen) for chosen in drawn])
    low, high = _limits(found) or (None, None)
    sums = np.array([np.nansum(apart[members]) for members in _members(clusters) if both[members].any()])
    unbiased = math.sqrt(len(sums) / (len(sums) - 1)) if len(sums) > 1 else math.nan
    normal = NormalDist()
    reach = normal.inv_cdf((1 + LEVEL) / 2) + normal.inv_cdf(POWER)
    return Difference(
        difference=float(apart[both].mean()),
        low=low,
        high=high,
        p=_by_flipping(sums),
        n=int(both.sum()),
        detectable=None if low is None else float(reach * np.nanstd(found) * unbiased),
    )


def _limits(found: Values) -> tuple[float, float] | None:
    found = found[~np.isnan(found)]
    if not len(found):
        return None
    low, high = np.percentile(found, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)


def _by_flipping(sums: Values, *, seed: int = 0) -> float:
    """The share of sign changes with a total as far from zero as the one found, which counts as one of them."""
    chance = np.random.default_rng(seed)
    sums = sums[sums != 0]
    signs = chance.integers(0, 2, (FLIPS, len(sums)), dtype=np.int8) * 2 - 1
    as_far = np.abs(signs @ sums) >= abs(sums.sum()) - 1e-9
    return float((as_far.sum() + 1) / (FLIPS + 1))


def _members(clusters: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    """The questions of each cluster, clusters in the order of their first question."""
    found: dict[str, list[int]] = {}
    for number, cluster in enumerate(clusters):
        found.setdefault(cluster, []).append(number)
    return [np.array(numbers, dtype=np.int64) for numbers in found.values()]


def column(rows: Sequence[dict[str, Any]], measure: str) -> Values:
    """A measure of each row as a float; NaN where it does not apply."""
    values = (row.get(measure) for row in rows)
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
