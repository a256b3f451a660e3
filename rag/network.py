"""The reader's network: question, title and passage in, an answer span, no answer, and relevance out."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from rag.encoder import bundled, has_bfloat16, piece_counter
from rag.errors import ReaderError
from rag.passages import SECTION_PIECES, TITLE_PIECES
from rag.sentences import Offsets
from rag.stretches import Scored

WEIGHTS = Path(__file__).parent / "training" / "reader.safetensors"
PINNED = "7de794255ba4955a2d3dedaf9d4a5bf253d5ff71c30cec2579fd60366f7adc7c"
WINDOW = 256  # word pieces of question, title and passage together
LONGEST_QUESTION = 96  # word pieces
LONGEST_ANSWER = 40  # word pieces
BEST = 16  # starts and ends of a window that are combined
_BEGIN, _END, _INSIDE = "$€£¥#(“\"‘'", "%°)”\"’'", ".,:"  # signs that an answer may begin, end or hold
_ABBREVIATED = re.compile(r"(?:\b[A-Za-z]|\b(?:Inc|Jr|Sr|Co|Corp|Ltd|St|Dr|etc|Bros))\.\Z")
_LONGEST_ABBREVIATION = 6  # characters, and the one before it
BATCH = 8  # passages read at once: of like length, so that little is padded

CLS, SEP = 101, 102  # of the uncased BERT vocabulary, which MiniLM keeps
SHARED = "body.embeddings.word_embeddings.weight"  # with the encoder; not part of the reader's own weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Inputs of one size: int64 [n, length]; `passage` is true where an answer may begin or end."""

    ids: Tensor
    types: Tensor
    mask: Tensor
    passage: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Logits: `start` and `end` float32 [n, length], of which position 0 means no answer; `relevance` [n]."""

    start: Tensor
    end: Tensor
    relevance: Tensor


class ReaderNetwork(nn.Module):
    """MiniLM's body with a span head (Devlin et al. 2019, section 4.3) and a relevance head on [CLS]."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.body = BertModel(config, add_pooling_layer=False)
        self.span = nn.Linear(config.hidden_size, 2)
        self.relevance = nn.Linear(config.hidden_size, 1)

    def forward(self, batch: Batch) -> Scores:
        hidden = self.body(input_ids=batch.ids, token_type_ids=batch.types, attention_mask=batch.mask).last_hidden_state
        precise = hidden.to(self.span.weight.dtype)  # the heads stay in float32: a logit is a sum of small differences
        span = self.span(precise).float()
        allowed = batch.passage.clone()
        allowed[:, 0] = True
        span = span.masked_fill(~allowed.unsqueeze(-1), -1e4)
        return Scores(start=span[..., 0], end=span[..., 1], relevance=self.relevance(precise[:, 0]).float().squeeze(-1))


@dataclass(frozen=True, slots=True)
class _Window:
    """A run of a passage's word pieces that fits beside question and title."""

    passage: int
    ids: list[int]
    offsets: list[Offsets]
    lies: npt.NDArray[np.int64]  # of each piece, see `part_of_each`


class Network:
    """The trained network with its tokenizer, as `rag.reader` uses it. Loads in about a second; thread-safe."""

    def __init__(self, network: ReaderNetwork, tokenizer: Any) -> None:
        self._network = network.eval()
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, weights: Path = WEIGHTS, *, pinned: str = PINNED, bfloat16: bool | None = None) -> Network:
        """Raises ReaderError where the weights are missing or not the pinned ones, EncoderError for the embeddings."""
        own = pinned_weights(weights, pinned, whose="the reader's")
        folder = bundled()
        with torch.device("meta"):
            network = ReaderNetwork(config_of(folder, attention="sdpa"))
        with safe_open(folder / "model.safetensors", "pt") as file:
            own[SHARED] = file.get_tensor(SHARED.removeprefix("body."))
        half = has_bfloat16() if bfloat16 is None else bfloat16
        kind = torch.bfloat16 if half else torch.float32
        fill(network, own, kind, weights)
        length = network.body.config.max_position_embeddings
        network.body.embeddings.register_buffer("position_ids", torch.arange(length).unsqueeze(0), persistent=False)
        network.body.embeddings.register_buffer(
            "token_type_ids", torch.zeros(1, length, dtype=torch.int64), persistent=False
        )
        return cls(network, piece_counter((folder / "tokenizer.json").read_text(encoding="utf-8")))

    def score(
        self, question: str, titles: Sequence[str], texts: Sequence[str], parts: Sequence[Sequence[Offsets]]
    ) -> list[list[Scored]]:
        """The best spans of each text within its `parts`, best first; none overlaps another.

        A text that does not fit beside question and title is read in windows, see `_windows`; one that holds nothing of
        any part is not read.
        """
        asked = self._pieces(question)[0][-LONGEST_QUESTION:]  # what is asked stands last
        heads = [self._head(*title.partition("\n")[::2]) for title in titles]
        windows = [
            window
            for i, text in enumerate(texts)
            for window in _windows(i, *self._pieces(text), parts[i], WINDOW - 3 - len(asked) - len(heads[i]))
            if (window.lies >= 0).any()
        ]
        found: list[list[Scored]] = [[] for _ in texts]
        order = sorted(range(len(windows)), key=lambda i: len(windows[i].ids) + len(heads[windows[i].passage]))
        for begin in range(0, len(order), BATCH):
            chosen = [windows[i] for i in order[begin : begin + BATCH]]
            batch = arrange([asked] * len(chosen), [heads[one.passage] for one in chosen], [one.ids for one in chosen])
            with torch.inference_mode():
                scores = self._network(batch)
            first = batch.passage.int().argmax(dim=1).tolist()
            for row, window in enumerate(chosen):
                inside = slice(first[row], first[row] + len(window.ids))
                start, end = scores.start[row].numpy(), scores.end[row].numpy()
                null = float(start[0] + end[0])
                starts, ends = edges(texts[window.passage], window.offsets)
                spans = best_spans(
                    np.where(starts & (window.lies >= 0), start[inside], -np.inf),
                    np.where(ends & (window.lies >= 0), end[inside], -np.inf),
                    window.lies,
                    null,
                )
                found[window.passage] += [
                    Scored(
                        start=window.offsets[a][0],
                        end=window.offsets[b][1],
                        score=score,
                        relevance=float(scores.relevance[row]),
                    )
                    for a, b, score in spans
                ]
        return [apart(spans) for spans in found]

    def _head(self, title: str, section: str) -> list[int]:
        return self._pieces(title)[0][:TITLE_PIECES] + self._pieces(section)[0][:SECTION_PIECES]

    def _pieces(self, text: str) -> tuple[list[int], list[Offsets]]:
        """Ids and offsets; an accent that is a character of its own belongs to the piece before it."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return encoded.ids, [(start, _with_marks(text, end)) for start, end in encoded.offsets]


def best_spans(
    start: npt.NDArray[np.floating[Any]], end: npt.NDArray[np.floating[Any]], lies: npt.NDArray[np.int64], null: float
) -> list[tuple[int, int, float]]:
    """(first, last, logit against no answer) of the best spans of at most LONGEST_ANSWER pieces, best first.

    `start` and `end` are the logits of the pieces, -inf where none may begin or end; `lies` the part of the text to
    which each belongs: a span keeps to one. Devlin et al. 2019, section 4.3.
    """
    starts, ends = (np.argsort(-logits, kind="stable")[:BEST] for logits in (start, end))
    pairs = [
        (int(a), int(b), float(start[a] + end[b] - null))
        for a in starts for b in ends
        if a <= b < a + LONGEST_ANSWER and lies[a] == lies[b] and np.isfinite(start[a] + end[b])
    ]  # fmt: skip
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def apart(spans: Sequence[Scored]) -> list[Scored]:
    """The spans, best first, that overlap no better one."""
    kept: list[Scored] = []
    for span in sorted(spans, key=lambda span: (-span.score, span.start, span.end)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return kept


def part_of_each(offsets: Sequence[Offsets], parts: Sequence[Offsets]) -> npt.NDArray[np.int64]:
    """The number of the part in which each piece lies whole; -1 where it lies in none."""
    at, found = 0, np.full(len(offsets), -1, dtype=np.int64)
    for i, (start, end) in enumerate(offsets):
        while at < len(parts) and parts[at][1] < end:
            at += 1
        if at < len(parts) and parts[at][0] <= start:
            found[i] = at
    return found


def edges(text: str, offsets: Sequence[Offsets]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """For each piece, whether an answer may begin and end with it: at the edge of a word or number."""
    words = [any(c.isalnum() for c in text[start:end]) for start, end in offsets]
    begins = [
        (word or text[start] in _BEGIN) and not _joined(text, start)
        for word, (start, _) in zip(words, offsets, strict=True)
    ]
    finishes = [
        (word or text[end - 1] in _END or (ends_abbreviated(text, end) and not text[end : end + 1].isalnum()))
        and not _joined(text, end)
        for word, (_, end) in zip(words, offsets, strict=True)
    ]
    return np.array(begins, dtype=bool), np.array(finishes, dtype=bool)


def ends_abbreviated(text: str, end: int) -> bool:
    """Whether a full stop just before `end` belongs to the word before it: "a.m.", "U.S.", "Jr."."""
    return _ABBREVIATED.search(text[max(0, end - _LONGEST_ABBREVIATION) : end]) is not None


def _joined(text: str, at: int) -> bool:
    """Whether the characters before and after `at` belong to one word or number ("1,200", "10:30")."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before.isdigit() and after in _INSIDE:
        return text[at + 1 : at + 2].isdigit()
    if before in _INSIDE and after.isdigit():
        return text[at - 2 : at - 1].isdigit()
    return (before.isalnum() or _is_mark(before)) and (after.isalnum() or _is_mark(after))


def _with_marks(text: str, end: int) -> int:
    while end < len(text) and _is_mark(text[end]):
        end += 1
    return end


def _is_mark(character: str) -> bool:
    return not character.isascii() and unicodedata.category(character)[0] == "M"


def _windows(
    passage: int, ids: list[int], offsets: list[Offsets], parts: Sequence[Offsets], room: int
) -> Iterator[_Window]:
    """Runs of at most `room` pieces, cut between parts where one ends near enough, else anywhere.

    The next one begins near the middle of the one before, so that neighbours which fit together stand in one.
    """
    firsts = [bisect_left(offsets, (start, 0)) for start, _ in parts]
    lies = part_of_each(offsets, parts)
    begin = 0
    while begin + room < len(ids):
        end = max((first for first in firsts if begin + room // 2 < first <= begin + room), default=begin + room)
        yield _Window(passage, ids[begin:end], offsets[begin:end], lies[begin:end])
        middle = begin + (end - begin + 1) // 2
        inside = [first for first in firsts if begin < first <= end]
        begin = min(inside, key=lambda first: abs(first - middle), default=middle)
    yield _Window(passage, ids[begin:], offsets[begin:], lies[begin:])


def pinned_weights(file: Path, pinned: str, *, whose: str) -> dict[str, Tensor]:
    """The weights of a file. Raises ReaderError where it is missing or not the pinned one; "" pins none."""
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ReaderError(
            f"{whose} weights cannot be read at {file}: {error.strerror}.", remedy="Run `make install`."
        ) from None
    if pinned and found != pinned:
        raise ReaderError(
            f"{file.name} is not {whose} (sha256 {found}, expected {pinned}).", remedy="Check it out anew."
        )
    return load_file(file)


def fill(network: nn.Module, own: dict[str, Tensor], kind: torch.dtype, weights: Path) -> None:
    """Put weights, in `kind` but for the heads, into a network that has none yet. Raises ReaderError."""
    given = {name: tensor.to(kind if name.startswith("body.") else torch.float32) for name, tensor in own.items()}
    found = network.load_state_dict(given, assign=True, strict=False)
    if found.missing_keys or found.unexpected_keys:
        raise ReaderError(
            f"{weights.name} does not fit the network (missing {found.missing_keys[:1]}, "
            f"unexpected {found.unexpected_keys[:1]}).",
            remedy="Train it anew: see rag/training/README.md.",
        )


def from_encoder() -> ReaderNetwork:
    """The network before any training: the bundled encoder's body, its word embeddings frozen."""
    folder = bundled()
    network = ReaderNetwork(config_of(folder))
    weights = load_file(folder / "model.safetensors")
    kept = {name: weights[name] for name in network.body.state_dict() if name in weights}
    network.body.load_state_dict(kept)
    network.body.embeddings.word_embeddings.weight.requires_grad = False
    return network


def from_weights(weights: Path) -> ReaderNetwork:
    """The network as one training left it, to be trained on. Raises ReaderError where the weights do not fit."""
    network = from_encoder()
    own = load_file(weights) | {SHARED: network.body.embeddings.word_embeddings.weight.detach()}
    fill(network, own, torch.float32, weights)
    return network


def own_weights(network: ReaderNetwork) -> dict[str, Tensor]:
    """What training made, float16: everything but the word embeddings, which are the encoder's."""
    return {
        name: tensor.detach().to(torch.float16).contiguous()
        for name, tensor in network.state_dict().items()
        if name != SHARED and tensor.is_floating_point()
    }


def config_of(folder: Path, *, attention: str = "eager") -> BertConfig:
    return BertConfig.from_pretrained(
        folder, attn_implementation=attention, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )


def arrange(
    questions: Sequence[Sequence[int]], titles: Sequence[Sequence[int]], passages: Sequence[Sequence[int]]
) -> Batch:
    """`[CLS] question [SEP] title [SEP] passage [SEP]` of each row, padded to the longest."""
    rows = [
        ([CLS, *question, SEP], [*title, SEP], [*passage, SEP])
        for question, title, passage in zip(questions, titles, passages, strict=True)
    ]
    # Few lengths: for each new one the libraries below keep memory of their own.
    length = -(-max(sum(map(len, row)) for row in rows) // 16) * 16
    ids = torch.zeros(len(rows), length, dtype=torch.int64)
    types, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    passage = torch.zeros(len(rows), length, dtype=torch.bool)
    for i, (first, second, third) in enumerate(rows):
        pieces = [*first, *second, *third]
        ids[i, : len(pieces)] = torch.tensor(pieces)
        types[i, len(first) : len(pieces)] = 1
        mask[i, : len(pieces)] = 1
        passage[i, len(first) + len(second) : len(pieces) - 1] = True
    return Batch(ids=ids, types=types, mask=mask, passage=passage)
