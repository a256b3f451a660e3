"""What axe-core finds wrong on a page for those who cannot see it or use no mouse; it comes with a package."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest

GRAVE = ("serious", "critical")


def findings(page: Any) -> list[str]:
    """Every serious or critical finding on the page as it stands: rule, impact, where, and what it says."""
    package = pytest.importorskip("axe_playwright_python", reason="no axe-core: make dev")
    page.evaluate(resources.files(package).joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']} ({rule['impact']}) at {node['target']}: {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]
