"""Pairs of claims and premises as compact arrays, which training and measuring read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.encoder import bundled, piece_counter
from rag.passages import TITLE_PIECES
from rag.training.data import PARTS

LABELS = ("supported", "contradicted", "not found")
KINDS = (
    "true", "both", "name", "number", "date", "negation", "speaker", "roles", "opposite", "hedge", "tail", "elsewhere",
    "joined", "unanswerable", "crossed", "verb",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    claim: str
    title: str
    premise: str
    label: str
    kind: str
    made: str  # "question", or the rewording that made the claim from a sentence
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """n pairs as arrays: `pieces` uint16, all of them in a row.

    `bounds` int64 [n, 4]: where claim, title and premise of each begin in `pieces`, and where the premise ends;
    `label`, `kind` and `part` uint8 [n]: places in LABELS, KINDS and PARTS; `document` int32 [n].
    """

    pieces: npt.NDArray[np.uint16]
    bounds: npt.NDArray[np.int64]
    label: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.uint8]
    part: npt.NDArray[np.uint8]
    document: npt.NDArray[np.int32]

    @classmethod
    def load(cls, file: Path) -> Pairs:
        with np.load(file) as arrays:
            return cls(**{name: arrays[name] for name in cls.__slots__})

    def save(self, file: Path) -> None:
        np.savez_compressed(file, **{name: getattr(self, name) for name in self.__slots__})

    def __len__(self) -> int:
        return len(self.bounds)

    def of(self, part: str) -> npt.NDArray[np.int64]:
        """The numbers of the pairs in a part."""
        return np.flatnonzero(self.part == PARTS.index(part))

    def texts(self, i: int) -> tuple[list[int], list[int], list[int]]:
        """Claim, title and premise of a pair, as word pieces."""
        a, b, c, d = self.bounds[i]
        return self.pieces[a:b].tolist(), self.pieces[b:c].tolist(), self.pieces[c:d].tolist()


def arrays(found: Sequence[tuple[str, Pair]], *, window: int) -> Pairs:
    """The pairs that fit into the window of training, as word pieces."""
    tokenizer = piece_counter((bundled() / "tokenizer.json").read_text(encoding="utf-8"))
    numbers = {name: i for i, name in enumerate(dict.fromkeys(pair.document for _, pair in found))}
    pieces: list[npt.NDArray[np.uint16]] = []
    rows, at = [], 0
    for begin in range(0, len(found), 1000):
        some = found[begin : begin + 1000]
        encoded = [
            [
                one.ids
                for one in tokenizer.encode_batch([getattr(pair, name) for _, pair in some], add_special_tokens=False)
            ]
            for name in ("claim", "title", "premise")
        ]
        for (part, pair), claim, title, premise in zip(some, *encoded, strict=True):
            title = title[:TITLE_PIECES]
            if len(claim) + len(title) + len(premise) + 4 > window:
                continue
            a = at + len(claim)
            b = a + len(title)
            c = b + len(premise)
            rows.append(
                (
                    at,
                    a,
                    b,
                    c,
                    LABELS.index(pair.label),
                    KINDS.index(pair.kind),
                    PARTS.index(part),
                    numbers[pair.document],
                )
            )
            pieces.append(np.array([*claim, *title, *premise], dtype=np.uint16))
            at = c
    table = np.array(rows, dtype=np.int64).reshape(-1, 8)
    return Pairs(
        pieces=np.concatenate(pieces), bounds=table[:, :4], label=table[:, 4].astype(np.uint8),
        kind=table[:, 5].astype(np.uint8), part=table[:, 6].astype(np.uint8), document=table[:, 7].astype(np.int32),
    )  # fmt: skip
