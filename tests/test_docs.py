"""The README says what is so: commands, settings, figures, links."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from eval.benchmark import table
from eval.reading import row
from eval.report import markdown
from eval.run import Run
from rag.cli import main
from rag.config import Config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def settings() -> list[tuple[str, str]]:
    """Each setting with its description."""
    found = []
    for name, field in Config.model_fields.items():
        section = field.default
        if isinstance(section, BaseModel):
            inner = type(section).model_fields.items()
            found.extend((f"{name}.{key}", one.description or "") for key, one in inner)
        else:
            found.append((name, field.description or ""))
    return found


@pytest.mark.parametrize(("name", "description"), settings())
def test_every_setting_is_documented_as_it_is_described(name: str, description: str) -> None:
    line = next((line for line in README.splitlines() if line.startswith(f"| `{name}` ")), "")
    assert line.endswith(f"| {description} |")


def test_a_transcript_with_citations_stands_before_line_25() -> None:
    top = "\n".join(README.splitlines()[:25])
    assert "make ask" in top
    assert re.search(r"\[1\]", top)


RUNS = sorted(file for file in (ROOT / "eval" / "results").glob("*.json") if file.stem != "benchmark")


@pytest.mark.parametrize("file", RUNS, ids=lambda file: file.stem)
def test_every_table_of_figures_is_that_of_the_result_it_names(file: Path) -> None:
    assert f"eval/results/{file.name}" in README
    assert markdown(Run.load(file)) in README


READINGS = sorted((ROOT / "eval" / "results" / "reading").glob("*_*.json"))


@pytest.mark.parametrize("file", READINGS, ids=lambda file: file.stem)
def test_every_row_of_reading_is_that_of_its_result(file: Path) -> None:
    assert row(json.loads(file.read_text(encoding="utf-8"))) in README


def test_the_figures_of_confidence_are_those_of_its_result() -> None:
    found = json.loads((ROOT / "eval" / "results" / "reading" / "confidence.json").read_text(encoding="utf-8"))
    assert f"calibration error {found['calibration_error']:.3f}," in README
    assert f"risk–coverage {found['area_under_risk_coverage']:.3f}," in README
    assert f"coverage at 95 % precision {100 * found['coverage_at_95%_precision']:.1f} %." in README


def test_what_retrieved_negatives_bring_is_that_of_its_result() -> None:
    found = json.loads((ROOT / "eval" / "results" / "reading" / "negatives.json").read_text(encoding="utf-8"))
    page = (ROOT / "rag" / "training" / "README.md").read_text(encoding="utf-8")
    for name, one in found["difference"]["with - without"].items():
        without, with_them = (found["readers"][reader][name] for reader in ("without", "with"))
        gain, low, high = (f"{one[which]:+.3f}".replace("-", "−") for which in ("value", "low", "high"))
        assert f"| {without:.3f} | {with_them:.3f} | {gain} ({low} to {high}) |" in page
    assert f"{found['answerable']} answerable questions, {found['others']} others" in page


def test_the_speeds_are_those_of_the_benchmark() -> None:
    assert (
        table(json.loads((ROOT / "eval" / "results" / "benchmark.json").read_text(encoding="utf-8"))).rstrip() in README
    )


@pytest.mark.parametrize(
    "name", ["README.md", "ARCHITECTURE.md", "prompts/README.md", "indexes/README.md", "eval/README.md"]
)
def test_every_file_that_a_page_names_exists(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:rag|ui|eval|tests|prompts|indexes)/[\w./-]*[\w/])`", page)
    linked = [one for one in re.findall(r"\]\(([^)#]+)\)", page) if "://" not in one]
    missing = [one for one in (*named, *linked) if not (ROOT / one).exists() and "indexes/" not in one]
    assert missing == []


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^rag (\w+)", README, re.MULTILINE))))
def test_every_command_of_the_readme_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: rag {command}" in capsys.readouterr().out


def test_the_makefile_has_every_target_that_the_readme_names() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README)) <= targets
