"""What every training does alike: batches of like length, and checkpoints that a later run resumes from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

POOL = 32  # batches that are sorted by length together

Numbers = npt.NDArray[np.int64]


def batches(order: Numbers, lengths: Numbers, *, size: int, chance: np.random.Generator) -> Iterator[Numbers]:
    """Cut `order` into batches of examples of like length; what does not fill one is left out."""
    for begin in range(0, len(order), size * POOL):
        pool = order[begin : begin + size * POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        for at in chance.permutation(len(pool) // size):
            yield pool[at * size : (at + 1) * size]


def resume(file: Path, network: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Read a checkpoint, where there is one, and return the step at which it was written."""
    if not file.exists():
        return 0
    state = torch.load(file, weights_only=True, map_location="cpu")
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    print(f"resuming at step {state['step']:,}")
    return int(state["step"])


def save(file: Path, step: int, network: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write a checkpoint aside and put it in its place at once."""
    aside = file.with_suffix(".new")
    torch.save({"step": step, "network": network.state_dict(), "optimizer": optimizer.state_dict()}, aside)
    os.replace(aside, file)
