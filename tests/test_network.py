"""The reader's network: its input, how spans are found in its logits, and its weights."""

from __future__ import annotations

import hashlib
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from rag.encoder import bundled, piece_counter
from rag.errors import ReaderError
from rag.network import (
    LONGEST_ANSWER,
    PINNED,
    SHARED,
    WEIGHTS,
    WINDOW,
    Network,
    _windows,
    _with_marks,
    apart,
    arrange,
    best_spans,
    edges,
    from_encoder,
    own_weights,
    part_of_each,
)
from rag.passages import TITLE_PIECES
from rag.stretches import Scored

logits = st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights before any training."""
    torch.manual_seed(1)
    file = tmp_path_factory.mktemp("weights") / "reader.safetensors"
    save_file(own_weights(from_encoder()), file)
    return file


@pytest.fixture(scope="module")
def network(weights: Path) -> Network:
    return Network.load(weights, pinned="", bfloat16=False)


def test_question_title_and_passage_stand_in_this_order_and_only_the_passage_may_answer() -> None:
    batch = arrange([[7, 8], [7]], [[5], []], [[1, 2, 3], [4]])
    padded = [0] * 6  # to a multiple of 16
    assert batch.ids.tolist() == [
        [101, 7, 8, 102, 5, 102, 1, 2, 3, 102, *padded],
        [101, 7, 102, 102, 4, 102, 0, 0, 0, 0, *padded],
    ]
    assert batch.types.tolist() == [
        [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, *padded],
        [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, *padded],
    ]
    assert batch.mask.sum(dim=1).tolist() == [10, 6]
    assert [row.nonzero().flatten().tolist() for row in batch.passage] == [[6, 7, 8], [4]]


@given(logits, logits)
def test_the_best_span_is_that_of_trying_every_pair(start: list[float], end: list[float]) -> None:
    length = min(len(start), len(end))
    a, b = (np.array(one[:length], dtype=np.float32) for one in (start, end))
    pairs = [(i, j) for i in range(length) for j in range(i, min(length, i + LONGEST_ANSWER))]
    best = max(float(a[i] + b[j]) for i, j in pairs) - 2.5
    found = best_spans(a, b, np.zeros(length, dtype=np.int64), 2.5)
    assert found[0][2] == pytest.approx(best)
    assert all(score == a[i] + b[j] - 2.5 and i <= j for i, j, score in found)


def test_nothing_begins_or_ends_where_it_may_not_and_no_span_leaves_its_part() -> None:
    shut = np.array([-np.inf, 1.0, -np.inf], dtype=np.float32)
    one = np.zeros(3, dtype=np.int64)
    assert best_spans(shut, shut, one, 0.0) == [(1, 1, 2.0)]
    assert best_spans(shut[:1], shut[:1], one[:1], 0.0) == []
    found = best_spans(np.array([5.0, 0.0]), np.array([1.0, 4.0]), np.array([0, 1]), 0.0)
    assert found == [(0, 0, 6.0), (1, 1, 4.0)]


def test_a_piece_belongs_to_the_part_that_holds_it_whole() -> None:
    offsets = [(0, 3), (4, 6), (6, 9), (10, 12), (12, 14)]
    assert part_of_each(offsets, [(0, 6), (8, 12), (12, 20)]).tolist() == [0, 0, -1, 1, 2]
    assert part_of_each(offsets, []).tolist() == [-1] * 5


def test_spans_that_overlap_a_better_one_are_left_out() -> None:
    spans = [
        Scored(start=start, end=end, score=score, relevance=0.0)
        for start, end, score in ((0, 4, 1.0), (4, 6, 0.5), (2, 5, 2.0), (5, 6, 0.1))
    ]
    assert [(span.start, span.end) for span in apart(spans)] == [(2, 5), (5, 6)]


@given(st.integers(0, 900), st.integers(2, 200), st.lists(st.integers(1, 60)))
def test_windows_hold_every_piece_and_none_is_too_long(length: int, room: int, sizes: list[int]) -> None:
    ids = list(range(length))
    edges_ = [edge for edge in accumulate(sizes, initial=0) if edge < length]
    windows = list(_windows(3, ids, [(i, i + 1) for i in ids], list(pairwise([*edges_, length])), room))
    assert all(len(window.ids) <= room and window.passage == 3 for window in windows)
    assert set().union(*(window.ids for window in windows)) == set(ids)
    assert all([start for start, _ in window.offsets] == window.ids for window in windows)
    if length <= room:
        assert len(windows) == 1
    for one, following in pairwise(windows):
        assert one.ids[0] < following.ids[0] <= one.ids[-1] + 1


def test_windows_are_cut_between_sentences_so_that_two_neighbours_stand_in_one() -> None:
    ids = list(range(100))
    sentences = [(0, 20), (20, 38), (38, 55), (55, 80), (80, 100)]
    windows = list(_windows(0, ids, [(i, i + 1) for i in ids], sentences, 50))
    assert [(window.ids[0], window.ids[-1] + 1) for window in windows] == [(0, 38), (20, 55), (38, 80), (55, 100)]


def test_a_passage_scores_the_same_alone_and_among_others(network: Network) -> None:
    texts = ["Rubio met Lavrov in Riyadh on Tuesday.", "It rained.", "The envoys spoke for four hours. " * 9]
    titles = ["Talks", "", "Envoys"]
    whole = [[(0, len(text))] for text in texts]
    together = network.score("Who met Lavrov?", titles, texts, whole)
    for title, text, one in zip(titles, texts, together, strict=True):
        (alone,) = network.score("Who met Lavrov?", [title], [text], [[(0, len(text))]])
        assert [(span.start, span.end) for span in alone] == [(span.start, span.end) for span in one]
        assert [span.score for span in alone] == pytest.approx([span.score for span in one], abs=1e-4)
        assert [span.relevance for span in alone] == pytest.approx([span.relevance for span in one], abs=1e-4)


def test_spans_are_offsets_into_the_text_and_each_lies_in_an_open_part(network: Network) -> None:
    text = "Read more: İstanbul talks. 😀 The “ﬁrst” envoys met in Ağrı."
    begins = text.index("The")
    (found,) = network.score("Where did the envoys meet?", [""], [text], [[(begins, len(text))]])
    assert found
    for start, end in ((span.start, span.end) for span in found):
        assert begins <= start < end <= len(text)
        assert text[start:end].strip()
        assert not (text[start - 1].isalnum() and text[start].isalnum())
        assert not (text[end - 1].isalnum() and text[end : end + 1].isalnum())


def words_of(text: str) -> list[str]:
    """Every span that the edges allow within one word or number."""
    tokenizer = piece_counter((bundled() / "tokenizer.json").read_text(encoding="utf-8"))
    offsets = [
        (start, _with_marks(text, end)) for start, end in tokenizer.encode(text, add_special_tokens=False).offsets
    ]
    begins, ends = edges(text, offsets)
    return [text[offsets[i][0] : next(offsets[j][1] for j in range(i, len(offsets)) if ends[j])]
            for i in range(len(offsets)) if begins[i]]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("paid 1,200 at 10:30, then", ["paid", "1,200", "at", "10:30", "then"]),
        ("Jose\u0301 Pane\u0301 came", ["Jose\u0301", "Pane\u0301", "came"]),
        ("costs $3.5 or 20%", ["costs", "$3.5", "3.5", "or", "20"]),
        ("Donaudampfschiff – Riyadh", ["Donaudampfschiff", "Riyadh"]),
    ],
)
def test_an_answer_begins_and_ends_at_the_edge_of_a_word_or_number(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("at 11:30 a.m. he left.", ["at", "at 11:30", "at 11:30 a", "at 11:30 a.m", "at 11:30 a.m."]),
        ("The U.S. Senate", ["The", "The U", "The U.S", "The U.S.", "The U.S. Senate"]),
        ("It rained.", ["It", "It rained"]),
    ],
)
def test_an_answer_may_end_with_the_full_stop_of_an_abbreviation(text: str, ends: list[str]) -> None:
    offsets = piece_counter((bundled() / "tokenizer.json").read_text(encoding="utf-8")).encode(
        text, add_special_tokens=False
    ).offsets  # fmt: skip
    found = [text[:end] for (_, end), allowed in zip(offsets, edges(text, offsets)[1], strict=True) if allowed]
    assert found[: len(ends)] == ends


def test_in_bfloat16_a_score_hardly_depends_on_what_is_read_beside_it(weights: Path) -> None:
    network = Network.load(weights, pinned="", bfloat16=True)
    texts = ["Rubio met Lavrov in Riyadh on Tuesday.", "It rained.", "The envoys spoke for four hours. " * 9]
    whole = [[(0, len(text))] for text in texts]
    together = network.score("Who met Lavrov?", [""] * 3, texts, whole)
    for text, part, one in zip(texts, whole, together, strict=True):
        (alone,) = network.score("Who met Lavrov?", [""], [text], [part])
        assert alone[0].score == pytest.approx(one[0].score, abs=0.1)


def test_a_long_title_leaves_room_for_the_section(network: Network) -> None:
    head = network._head("strike " * 40, "Talks")
    assert len(head) == TITLE_PIECES + 1
    assert head[-1:] == network._pieces("Talks")[0]


def test_the_shipped_weights_are_the_pinned_ones_and_fit() -> None:
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == PINNED
    assert WEIGHTS.stat().st_size < 25e6
    assert Network.load()


def test_weights_of_another_network_are_refused(weights: Path, tmp_path: Path) -> None:
    own = load_file(weights)
    own.pop("span.bias")
    save_file(own, tmp_path / "other.safetensors")
    with pytest.raises(ReaderError, match=r"other\.safetensors does not fit the network \(missing \['span\.bias'\]"):
        Network.load(tmp_path / "other.safetensors", pinned="")


def test_a_text_longer_than_the_window_is_read_to_its_end(network: Network) -> None:
    text = "word " * (2 * WINDOW) + "Riyadh"
    (found,) = network.score("Where?", ["Title"], [text], [[(len(text) - len("Riyadh"), len(text))]])
    assert [text[span.start : span.end] for span in found] == ["Riyadh"]


def test_the_word_embeddings_are_the_encoders_and_are_not_stored_again(weights: Path) -> None:
    assert weights.stat().st_size < 25e6
    assert SHARED not in own_weights(from_encoder())


def test_missing_or_altered_weights_are_refused_with_the_remedy(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match=r"cannot be read .*make install"):
        Network.load(tmp_path / "none.safetensors")
    with pytest.raises(ReaderError, match=r"is not the reader's \(sha256 .*expected 00\)"):
        Network.load(weights, pinned="00")
