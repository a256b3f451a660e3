"""Measures of answers, rankings, citations and refusals: pure functions, each with its source.

A measure that does not apply to a question is None there ("unscored"), which is not 0 ("wrong"):
means leave out the first, count the second, and always say over how many questions they were taken.
"""

from __future__ import annotations

import math
import re
import statistics
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from eval.suite import Gold
    from eval.systems import Found, Said

WHITE_SPACE = 2  # characters at most between two passages that lie side by side

_Place = TypeVar("_Place", "Gold", "Found")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


class Mean(NamedTuple):
    """A mean and the number of values in it; None where there were none."""

    value: float | None
    n: int


def mean(values: Iterable[float | None]) -> Mean:
    """Average the values that are not None."""
    scored = [value for value in values if value is not None]
    return Mean(math.fsum(scored) / len(scored) if scored else None, len(scored))


def median(values: Iterable[float]) -> float | None:
    """The p50; None of nothing."""
    listed = list(values)
    return statistics.median(listed) if listed else None


def percentile(values: Iterable[float], share: float) -> float | None:
    """The nearest-rank percentile, `share` of 100; None of nothing."""
    listed = sorted(values)
    return listed[max(0, math.ceil(share / 100 * len(listed)) - 1)] if listed else None


def normalise(answer: str) -> str:
    """Lower case, without ASCII punctuation, English articles and surplus white space.

    Rajpurkar et al. 2016, SQuAD (arXiv:1606.05250), official script `normalize_answer`.
    """
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_PUNCTUATION)).split())


def exact_match(short: str, answers: Sequence[str]) -> float:
    """1.0 where the normalised answer equals a gold answer's.

    Without gold answers the question is unanswerable, and an empty answer, a refusal, is the right one:
    Rajpurkar et al. 2018, SQuAD 2.0 (arXiv:1806.03822), `compute_exact`.
    """
    if not short.strip() or not answers:
        return float(not short.strip() and not answers)
    return max(float(normalise(short) == normalise(answer)) for answer in answers)


def f1(short: str, answers: Sequence[str]) -> float:
    """Harmonic mean of word precision and recall against the best gold answer, 0 to 1; refusals as in `exact_match`.

    Rajpurkar et al. 2016 and 2018, official scripts, `compute_f1`.
    """
    if not short.strip() or not answers:
        return float(not short.strip() and not answers)
    return max(_word_f1(normalise(short).split(), normalise(answer).split()) for answer in answers)


def _word_f1(short: list[str], answer: list[str]) -> float:
    if not short or not answer:
        return float(short == answer)
    shared = sum((Counter(short) & Counter(answer)).values())
    return 2 * shared / (len(short) + len(answer))


def holds(passage: Found, gold: Gold) -> bool:
    """Whether a passage holds a gold span whole; of a gold span longer than the passage, at least half.

    Evidence that names a document and no place in it is held by any passage of that document.
    """
    if passage.doc_id != gold.doc_id:
        return False
    if gold.anywhere:
        return True
    shared = min(passage.end, gold.end) - max(passage.start, gold.start)
    length = gold.end - gold.start
    return shared == length or (length > passage.end - passage.start and 2 * shared >= length)


def first_find(ranked: Sequence[Found], evidence: Sequence[Gold]) -> int | None:
    """The rank, from 1, of the first passage that holds a gold span; None where none does."""
    return next((rank for rank, passage in enumerate(ranked, 1) if any(holds(passage, g) for g in evidence)), None)


def recall_at_k(ranked: Sequence[Found], evidence: Sequence[Gold], k: int) -> float | None:
    """The share of the question's facts that the first k passages hold; None without evidence.

    Of one fact, as most questions have, 1.0 or 0.0: then it is the recall@k (success@k) of Karpukhin et al. 2020, DPR
    (arXiv:2004.04906), by place instead of by answer text.
    """
    return _by_fact(evidence, lambda golds: first_find(ranked[:k], golds) is not None)


def reciprocal_rank(ranked: Sequence[Found], evidence: Sequence[Gold], k: int) -> float | None:
    """1 / rank of the first find among the first k passages, else 0.0; None without evidence.

    Voorhees 1999, The TREC-8 Question Answering Track Report.
    """
    rank = first_find(ranked[:k], evidence)
    return (1 / rank if rank else 0.0) if evidence else None


def ndcg_at_k(ranked: Sequence[Found], evidence: Sequence[Gold], k: int) -> float | None:
    """Normalised discounted cumulative gain of the first k documents, each at its best passage; None without evidence.

    A document gains 1 where it holds gold evidence, discounted by log2(rank + 1): Järvelin & Kekäläinen 2002, as
    trec_eval's ndcg_cut with binary judgements.
    """
    relevant = {gold.doc_id for gold in evidence}
    documents = list(dict.fromkeys(passage.doc_id for passage in ranked))[:k]
    gain = math.fsum(1 / math.log2(rank + 1) for rank, name in enumerate(documents, 1) if name in relevant)
    ideal = math.fsum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return gain / ideal if relevant else None


def recall_within(ranked: Sequence[Found], evidence: Sequence[Gold], characters: int) -> float | None:
    """The share of the question's facts that the first `characters` of the ranked passages hold, read in their order.

    The last passage is cut where the characters end; passages that lie side by side read as one, and what two
    passages share is read twice. Of a gold span longer than every passage that it touches, half must be read.
    So systems with long and with short passages are compared at equal reading. The budget is that of R@kt
    (Asai et al. 2021, XOR QA, arXiv:2010.11856), in characters instead of tokens. None without evidence.
    """
    read, left = [], characters
    for passage in ranked:
        if left <= 0:
            break
        read.append((passage, min(passage.end, passage.start + left)))
        left -= passage.end - passage.start
    return _by_fact(evidence, lambda golds: any(_was_read(gold, read) for gold in golds))


def _was_read(gold: Gold, read: Sequence[tuple[Found, int]]) -> bool:
    """Whether the characters `start:cut` of each passage cover the gold span (half of it, where it is long)."""
    touching = [(p, cut) for p, cut in read if p.doc_id == gold.doc_id and p.start < gold.end and gold.start < cut]
    if gold.anywhere:
        return any(p.doc_id == gold.doc_id for p, _ in read)
    covered, position = 0, gold.start
    for start, cut in sorted((p.start, cut) for p, cut in touching):
        if gold.start < position < start <= position + WHITE_SPACE:
            start = position
        covered += max(0, min(cut, gold.end) - max(start, position))
        position = max(position, cut)
    length = gold.end - gold.start
    long = all(length > p.end - p.start for p, _ in touching)
    return covered == length or (long and 2 * covered >= length)


def overlaps(citation: Found, gold: Gold) -> bool:
    """Whether a citation and a gold span share a character, or the document where no place in it is named."""
    if citation.doc_id != gold.doc_id:
        return False
    return gold.anywhere or (citation.start < gold.end and gold.start < citation.end)


def citation_precision(citations: Sequence[Found], evidence: Sequence[Gold]) -> float:
    """The share of an answer's citations that overlap a gold span; 0.0 for an answer that cites nothing.

    Precision of supporting facts, Yang et al. 2018, HotpotQA (arXiv:1809.09600), with spans in place of sentences.
    Of an unanswerable question no citation is right.
    """
    return _share(any(overlaps(citation, gold) for gold in evidence) for citation in citations)


def citation_recall(citations: Sequence[Found], evidence: Sequence[Gold]) -> float | None:
    """The share of the question's facts of which a gold span is cited; None without evidence.

    Gold spans of one fact are alternatives: any of them will do. Most questions ask for one fact, and then this is
    1.0 or 0.0. Recall of supporting facts, Yang et al. 2018, HotpotQA (arXiv:1809.09600).
    """
    return _by_fact(evidence, lambda golds: any(overlaps(c, gold) for c in citations for gold in golds))


def _by_fact(evidence: Sequence[Gold], found: Callable[[Sequence[Gold]], bool]) -> float | None:
    """The share of the facts of which `found` holds, given the fact's gold spans; None without evidence."""
    facts: dict[str, list[Gold]] = {}
    for gold in evidence:
        facts.setdefault(gold.fact, []).append(gold)
    return _share(found(golds) for golds in facts.values()) if facts else None


def harmonic(precision: float | None, recall: float | None) -> float | None:
    """F1 of a precision and a recall, 0.0 where both are; None where either does not apply."""
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def statements_cited(statements: Sequence[Said]) -> float:
    """The share of an answer's statements that cite anything; of an answer that makes none, 0.0.

    Liu et al. 2023, Evaluating Verifiability in Generative Search Engines (arXiv:2304.09848): every statement that is
    not cited lowers citation recall there; here it has a measure of its own.
    """
    return _share(bool(said.citations) for said in statements)


def quote_fidelity(citations: Sequence[Found], texts: Mapping[str, str]) -> float | None:
    """The share of shown quotes that are, character for character, what stands at the cited place.

    `texts` are those of the documents by doc_id. None where the system shows no quotes.
    """
    quoted = [one for one in citations if one.quote]
    if not quoted:
        return None
    return _share(texts.get(one.doc_id, "")[one.start : one.end] == one.quote for one in quoted)


def refusal_f1(refused: Sequence[bool], answerable: Sequence[bool]) -> float | None:
    """2TP / (2TP + FP + FN) of refusals of what has no answer; None where nothing was refused, nor had to be.

    Song et al. 2024, Trust-Score (arXiv:2409.11242).
    """
    both = list(zip(refused, answerable, strict=True))
    right = sum(said_no and not can for said_no, can in both)
    wrong = sum(said_no == can for said_no, can in both)
    return 2 * right / (2 * right + wrong) if right + wrong else None


def distinct(places: Iterable[_Place]) -> tuple[_Place, ...]:
    """The places in their order, each once."""
    return tuple(dict.fromkeys(places))


def _share(outcomes: Iterable[bool]) -> float:
    listed = list(outcomes)
    return sum(listed) / len(listed) if listed else 0.0
