"""The recipe of the reader's training, read from recipe.toml beside this file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

RECIPE = Path(__file__).parent / "recipe.toml"


Action = Literal["true", "both", "changed", "premise", "tail", "elsewhere", "joined", "crossed"]
Kind = Literal["name", "number", "date", "negation", "speaker", "roles", "opposite", "hedge", "verb"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataRecipe(_Table):
    held_out: int
    swapped: float
    denied: float


class TrainingRecipe(_Table):
    seed: int
    batch: int
    learning_rate: float
    warm_up: int
    steps: int
    decay: float
    weight_decay: float
    relevance: float
    without_title: float
    share: float = 1.0


class SupportRecipe(_Table):
    """How the support checker is trained: its pairs, and the course of its training."""

    seed: int
    left_out: tuple[str, ...]
    facts: dict[str, int]
    copies: int
    verbatim: float
    together: float
    as_asked: float
    without_title: float
    window: int
    frozen: int
    batch: int
    learning_rate: float
    head_rate: float
    warm_up: int
    steps: int
    decay: float
    weight_decay: float
    actions: dict[Action, float]
    changes: dict[Kind, float]


class Recipe(_Table):
    """What data goes in and how the weights are changed by it; recipe.toml says what each figure means."""

    data: DataRecipe
    mix: dict[str, float]
    training: TrainingRecipe
    further: TrainingRecipe
    support: SupportRecipe
    support_further: SupportRecipe

    @classmethod
    def load(cls, file: Path = RECIPE) -> Recipe:
        """Raises pydantic's ValidationError where a figure is missing, unknown or of another type."""
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        for name, base in (("further", "training"), ("support_further", "support")):
            tables[name] = tables.get(base, {}) | tables.get(name, {})
        return cls.model_validate(tables)
