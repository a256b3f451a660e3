"""Whether a sentence is carried by the sentences that it cites: a trained judgement, beside the rules of the gate."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import exp
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rag.support_network import Scorer

CALIBRATION = Path(__file__).parent / "training" / "support.json"
REMEMBERED = 4096  # judgements: a growing draft asks for the same ones again with each sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is to be judged: `text` a sentence; `premise` one to three consecutive sentences of the document `title`."""

    text: str
    title: str
    premise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Calibrated probabilities; what is left of 1 is that the premise does not say."""

    supported: float
    contradicted: float


class Checker(Protocol):
    """What judges claims; `SupportChecker`, or a stand-in in tests."""

    def judge(self, claims: Sequence[Claim]) -> list[Judgement]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportCalibration:
    """`scale` and `bias` make probabilities of the network's logits: softmax(scale * logits + bias), of the classes in
    order. `supported` and `contradicted` are the least probabilities from which a claim counts as such, `sure` the one
    from which it is supported whatever its wording."""

    scale: float
    bias: tuple[float, float, float]
    supported: float
    sure: float
    contradicted: float

    @classmethod
    def load(cls, file: Path = CALIBRATION) -> SupportCalibration:
        given = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{**given, "bias": tuple(given["bias"])})


def answered(question: str, answer: str) -> str:
    """A question and its answer as one claim."""
    asked, given = (" ".join(text.split()) for text in (question, answer))
    return f"{asked.rstrip('?!. ')}? {given.strip(' .,;:')}."


_SHIPPED = SupportCalibration.load()
SUPPORTED = _SHIPPED.supported  # at least so probable that 96 % of true statements are
SURE = _SHIPPED.sure
CONTRADICTED = _SHIPPED.contradicted


class SupportChecker:
    """Judges by the trained network, loaded with the first use; thread-safe, and the same claim costs nothing again."""

    def __init__(self, network: Scorer | None = None, *, calibration: SupportCalibration = _SHIPPED) -> None:
        self._given = network
        self._calibration = calibration
        self._known: OrderedDict[Claim, Judgement] = OrderedDict()
        self._loading, self._lock = Lock(), Lock()

    @cached_property
    def network(self) -> Scorer:
        """Raises ReaderError where the weights are missing or altered, EncoderError for the embeddings."""
        with self._loading:
            if self._given is None:
                from rag.support_network import Scorer

                self._given = Scorer.load()
            return self._given

    def judge(self, claims: Sequence[Claim]) -> list[Judgement]:
        """How far each premise supports and contradicts its claim, in their order."""
        with self._lock:
            found = {claim: self._known[claim] for claim in claims if claim in self._known}
        new = [claim for claim in dict.fromkeys(claims) if claim not in found]
        if new:
            logits = self.network.logits(new)
            found |= {claim: judgement(row, self._calibration) for claim, row in zip(new, logits, strict=True)}
        with self._lock:
            for claim in claims:
                self._known[claim] = found[claim]
                self._known.move_to_end(claim)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return [found[claim] for claim in claims]


@cache
def shared() -> SupportChecker:
    """The one that the whole process uses."""
    return SupportChecker()


def judgement(logits: Sequence[float], calibration: SupportCalibration) -> Judgement:
    """Probabilities of a claim's three logits."""
    scaled = [calibration.scale * one + by for one, by in zip(logits, calibration.bias, strict=True)]
    top = max(scaled)
    shares = [exp(one - top) for one in scaled]
    return Judgement(supported=shares[0] / sum(shares), contradicted=shares[1] / sum(shares))
