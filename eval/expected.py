"""What a suite is expected to measure: `expected.toml` with tolerances, and floors given on the command line."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.scoring import LOWER_IS_BETTER, MEASURES
from eval.suite import folder_of
from eval.systems import SYSTEMS
from rag.errors import SuiteError

if TYPE_CHECKING:
    from eval.run import Run

FILE = "expected.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A measure's value, and by how much a run may differ from it either way."""

    value: float
    within: float


def expected(path: str | Path) -> dict[str, dict[str, Expected]]:
    """What the suite at a path expects of a run, by system and measure; nothing where it has no file that says so.

    Raises SuiteError that says what is wrong in the file.
    """
    file = folder_of(path) / FILE
    if not file.is_file():
        return {}
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        return {
            _system(system, file): {_known(measure, file): _figures(**figures) for measure, figures in table.items()}
            for system, table in tables.items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SuiteError(
            f"{file}: {error}.", remedy="Write [system], then measure = { value = 0.5, within = 0.02 }."
        ) from None


def deviations(run: Run, expected: Mapping[str, Mapping[str, Expected]]) -> list[str]:
    """A sentence for each figure of the run that differs by more than its tolerance; a system that did not run has
    none, nor has a run of some of the questions."""
    found: list[str] = []
    if run.about["questions"] < run.about["questions_in_suite"]:
        return found
    for system in run.systems:
        for measure, wanted in expected.get(system, {}).items():
            value = run.value(system, measure)
            if value is None or abs(value - wanted.value) > wanted.within + 1e-9:
                shown = "not measured" if value is None else f"{value:.4f}"
                found.append(f"{system}: {measure} is {shown}, expected {wanted.value} ± {wanted.within}")
    return found


def floor(text: str) -> tuple[str, float]:
    """ "citation_precision=0.97" as measure and least value. Raises SuiteError for what is no such thing."""
    measure, _, value = text.partition("=")
    try:
        least = _finite(float(value))
    except ValueError:
        raise SuiteError(f"{text!r} is no floor.", remedy="Write measure=value, such as f1=0.5.") from None
    if measure in LOWER_IS_BETTER or measure not in MEASURES:
        known = ", ".join(name for name in MEASURES if name not in LOWER_IS_BETTER)
        why = "is the better the lower it is" if measure in LOWER_IS_BETTER else "is no measure"
        raise SuiteError(f"{measure!r} {why}.", remedy=f"Give a floor to one of: {known}.")
    return measure, least


def below(run: Run, floors: Mapping[str, float]) -> list[str]:
    """A sentence for each figure of the first system that is below its floor, or was not measured."""
    system = run.systems[0]
    found = []
    for measure, least in floors.items():
        value = run.value(system, measure)
        if value is None or value < least:
            found.append(f"{system}: {measure} is {'not measured' if value is None else f'{value:.4f}'}, below {least}")
    return found


def _figures(value: float, within: float) -> Expected:
    return Expected(value=_finite(value), within=_finite(within))


def _finite(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)


def _system(name: str, file: Path) -> str:
    if name not in SYSTEMS and ":" not in name:
        raise SuiteError(f"{file}: {name!r} is no system.", remedy=f"Known: {', '.join(SYSTEMS)}.")
    return name


def _known(measure: str, file: Path) -> str:
    if measure not in MEASURES:
        raise SuiteError(f"{file}: {measure!r} is no measure.", remedy=f"Known: {', '.join(MEASURES)}.")
    return measure
