"""The recipe of the reader's training, read from recipe.toml beside this file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

RECIPE = Path(__file__).parent / "recipe.toml"


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


class Recipe(_Table):
    """What data goes in and how the weights are changed by it; recipe.toml says what each figure means."""

    data: DataRecipe
    mix: dict[str, float]
    training: TrainingRecipe
    further: TrainingRecipe

    @classmethod
    def load(cls, file: Path = RECIPE) -> Recipe:
        """Raises pydantic's ValidationError where a figure is missing, unknown or of another type."""
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        tables["further"] = tables.get("training", {}) | tables.get("further", {})
        return cls.model_validate(tables)
