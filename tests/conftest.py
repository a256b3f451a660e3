"""What many tests share: an encoder that needs no model, and a browser."""

from __future__ import annotations

import hashlib
import os
import re
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell starts what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)

import warm

from rag.encoder import Encoder
from rag.words import stems

_PIECE = re.compile(r"\w{1,6}|[^\w\s]")


class StandInEncoder(Encoder):
    """Hashes word stems into unit vectors: texts that share words are near each other. Pieces are short words."""

    def __init__(self, *, window: int = 256, model_name: str = "stand-in", dimension: int = 256) -> None:
        super(Encoder, self).__init__(model_name=model_name, embed_batch_size=32)
        self._stand_in = (window, dimension)
        self.encoded: list[str] = []

    _stand_in: tuple[int, int]
    encoded: list[str] = []  # noqa: RUF012

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.model_name.encode()).hexdigest()

    @property
    def dimension(self) -> int:
        return self._stand_in[1]

    @property
    def window(self) -> int:
        return self._stand_in[0]

    def pieces(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in _PIECE.finditer(text)]

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.encoded.extend(texts)
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for stem in stems(text) or ["?"]:
                digest = hashlib.sha256(stem.encode()).digest()
                row[int.from_bytes(digest[:4], "big") % self.dimension] += 1.0
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def encoder() -> StandInEncoder:
    return StandInEncoder()


@pytest.fixture(scope="session")
def _kept() -> Iterator[None]:
    yield
    warm.end()


@pytest.fixture(autouse=True)
def _warm(_kept: None) -> Iterator[None]:
    """Indexing reads files in a process that an earlier test has started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.updating.Sandbox", warm.Warm)
        patch.setattr("rag.documents.sandbox.Sandbox", warm.Warm)  # for those who import it where they use it
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from serving import chromium  # it imports the page, which most tests do without

    with chromium() as launched:
        yield launched
