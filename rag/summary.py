"""Which sentences of a text stand for the rest of it: chosen, never written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import PurePath

import numpy as np

from rag.claims import Opening
from rag.comparing import leaves_open
from rag.rows import Matrix
from rag.sentences import Offsets, is_pointer
from rag.types import Document, IndexedDocument
from rag.words import words

DAMPING = 0.85  # share of a sentence's weight that comes from its neighbours
ALIKE = 0.7  # cosine from which two sentences say much the same
SHORTEST, LONGEST = 6, 60  # words of a sentence that can stand alone
_ROUNDS = 60
_NEAR = 0.4  # how alike a title and a name are that may be meant by each other
_CLOSING = "”’\"')] "
_STOPS = (".", "!", "?", "…")
_OPEN = re.compile(
    r"^\W*(?:this|that|these|those|such|but|and|or|so|then|however|also|neither|both|another|others)\b", re.I
)
_CAPTION = re.compile(
    r"^\W*(?:photo|photograph|image|picture|illustration|credit|file photo|by|from|published|updated|copyright|©)\b",
    re.IGNORECASE,
)


def stands_alone(document: Document, start: int, end: int) -> bool:
    """Whether a sentence can be shown by itself: no heading, pointer, byline, caption or row, and no open "he"."""
    text = document.text[start:end]
    if any(first < end and start < last for first, last in document.headings) or " | " in text:
        return False
    if text.rstrip(_CLOSING)[-1:] not in _STOPS or not SHORTEST <= len(words(text)) <= LONGEST:
        return False
    if _OPEN.match(text) or leaves_open(text) or _CAPTION.match(text) or Opening.of(text).refers:
        return False
    return not is_pointer(document.text, start, end)


def centrality(vectors: Matrix, towards: Matrix | None = None) -> Matrix:
    """LexRank of sentences, float32 [n], by their vectors, float32 [n, d], unit rows: their sum is 1.

    Erkan & Radev 2004, with cosines as weights; with `towards`, a vector [d] that the summary is to be about, the
    random jumps go to what is near it (Otterbacher, Erkan & Radev 2005).
    """
    count = len(vectors)
    similar = np.clip(vectors @ vectors.T, 0.0, None).astype(np.float64).round(4)
    step = similar / similar.sum(axis=1, keepdims=True).clip(min=1e-9)
    near = (
        np.ones(count) if towards is None else np.clip(vectors @ towards, 0.0, None).astype(np.float64).round(4) + 1e-6
    )
    jump = near / near.sum()
    damping = DAMPING if towards is None else 0.5
    rank = np.full(count, 1.0 / count)
    for _ in range(_ROUNDS):
        rank = damping * (rank @ step) + (1.0 - damping) * jump
    result: Matrix = rank.round(9).astype(np.float32)
    return result


def chosen(vectors: Matrix, scores: Matrix, count: int, beside: Sequence[Matrix] = ()) -> list[int]:
    """The numbers of the best sentences, at most `count`, in order; none says what another or one of `beside` does."""
    taken: list[int] = []
    known = list(beside)
    for number in sorted(range(len(scores)), key=lambda i: (-float(scores[i]), i)):
        if len(taken) == count:
            break
        if all(float(vectors[number] @ other) < ALIKE for other in known):
            taken.append(number)
            known.append(vectors[number])
    return sorted(taken)


def coverage(vectors: Matrix, numbers: Sequence[int]) -> float:
    """How near the sentences of a text are, on average, to the nearest of those chosen: 0 to 1."""
    if not numbers:
        return 0.0
    return float(np.clip(vectors @ vectors[list(numbers)].T, 0.0, 1.0).max(axis=1).mean().round(4))


def called(name: str, documents: Sequence[IndexedDocument], *, certain: bool = True) -> list[IndexedDocument]:
    """The documents that a name means: a path, a file's name, a title, or, of several words, a part of a title."""
    plain = " ".join(words(name))
    spelled = name.strip().replace("\\", "/").lower()

    def of_file(one: IndexedDocument) -> bool:
        path = one.path.lower()
        return path == spelled or path.endswith(f"/{spelled.lstrip('/')}") or PurePath(path).stem == spelled

    exact = [one for one in documents if of_file(one) or (plain and " ".join(words(one.title)) == plain)]
    enough = certain or len(plain.split()) >= 3
    return exact or [one for one in documents if enough and plain and f" {plain} " in f" {' '.join(words(one.title))} "]


def near(name: str, documents: Sequence[IndexedDocument], most: int = 3) -> list[str]:
    """The titles that are most like a name that no document has."""
    own = set(words(name))

    def likeness(title: str) -> float:
        shared = len(own & set(words(title))) / max(len(own), 1)
        return max(shared, SequenceMatcher(None, name.lower(), title.lower()).ratio())

    ranked = sorted({one.title for one in documents}, key=lambda title: (-likeness(title), title))
    return [title for title in ranked[:most] if likeness(title) >= _NEAR]


def most_telling(vectors: Matrix, count: int, towards: Matrix | None = None) -> list[int]:
    """The numbers of the passages, at most `count`, to take sentences from: the first and the most central ones."""
    if len(vectors) <= count:
        return list(range(len(vectors)))
    scores = centrality(vectors, towards)
    best = sorted(range(1, len(scores)), key=lambda i: (-float(scores[i]), i))[: count - 1]
    return [0, *sorted(best)]


def offsets_of(document: Document, places: Sequence[Offsets]) -> list[Offsets]:
    """Those of the sentences that can stand alone; each text once."""
    kept: dict[str, Offsets] = {}
    for start, end in places:
        if stands_alone(document, start, end):
            kept.setdefault(" ".join(document.text[start:end].split()), (start, end))
    return list(kept.values())
