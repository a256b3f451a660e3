"""What every training does alike: batches of like length, the rate, the pace, checkpoints that a later run resumes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from rag.encoder import has_bfloat16

POOL = 32  # batches that are sorted by length together
TOLD = 50  # steps from one line of progress to the next

Numbers = npt.NDArray[np.int64]


def batches(order: Numbers, lengths: Numbers, *, size: int, chance: np.random.Generator) -> Iterator[Numbers]:
    """Cut `order` into batches of examples of like length; what does not fill one is left out."""
    for begin in range(0, len(order), size * POOL):
        pool = order[begin : begin + size * POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        for at in chance.permutation(len(pool) // size):
            yield pool[at * size : (at + 1) * size]


def rate(step: int, *, warm_up: int, steps: int, decay_from: int) -> float:
    """The share of the learning rate at a step: it rises, stays, and falls to zero from `decay_from` on."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 1.0 if step < decay_from else (steps - step) / (steps - decay_from)


def bfloat16(device: torch.device) -> AbstractContextManager[Any]:
    """Multiply in bfloat16, but on a CPU that does not have it: there it is emulated, 50 times as slow as float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type != "cpu" or has_bfloat16())


class Pace:
    """Tells how far a training is, at what loss and speed, and how long it takes from there."""

    def __init__(self, steps: int, batch: int, what: str) -> None:
        self._steps, self._batch, self._what = steps, batch, what
        self._losses: list[float] = []
        self.restart()

    def restart(self) -> None:
        """Count the speed anew: what came between was no training."""
        self._begun, self._seen = time.monotonic(), 0

    def took(self, step: int, loss: float) -> None:
        self._seen += self._batch
        self._losses.append(loss)
        if step % TOLD == 0:
            speed = self._seen / (time.monotonic() - self._begun)
            left = (self._steps - step) * self._batch / speed / 60
            print(f"step {step:,} of {self._steps:,}: loss {np.mean(self._losses[-TOLD:]):.3f}, "
                  f"{speed:.1f} {self._what}/s, {left:.0f} min left", flush=True)  # fmt: skip


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
