"""The support checker: its weights, its memory, its calibration, and plain cases that the shipped weights must hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from rag.errors import ReaderError
from rag.support import (
    CONTRADICTED,
    REMEMBERED,
    SUPPORTED,
    Claim,
    Judgement,
    SupportCalibration,
    SupportChecker,
    judgement,
)
from rag.support_network import TRAINED, Scorer, alike

PREMISE = (
    "US Secretary of State Marco Rubio met his Russian counterpart Sergei Lavrov in Riyadh on Tuesday. "
    "Ushakov said that no date had been set for a meeting of the presidents. "
    "Zelensky, who was in Ankara, rejected the talks."
)
PLAIN = SupportCalibration(scale=1.0, bias=(0.0, 0.0, 0.0), supported=0.5, sure=0.5, contradicted=0.5)


def claim(text: str, premise: str = PREMISE, title: str = "Talks in Riyadh") -> Claim:
    return Claim(text=text, title=title, premise=premise)


class Counted:
    """Stands in for the network: says the length of each claim, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Claim] = []

    def logits(self, claims: Sequence[Claim]) -> list[list[float]]:
        self.asked += claims
        return [[len(one.text) / 10, 0.0, 1.0] for one in claims]


@pytest.fixture(scope="module")
def checker() -> SupportChecker:
    return SupportChecker()


def test_a_claim_is_judged_once_however_often_it_is_asked() -> None:
    network = Counted()
    checker = SupportChecker(network, calibration=PLAIN)
    one, other = claim("One."), claim("Another.")
    first = checker.judge([one, other, one])
    assert first[0] == first[2] != first[1]
    assert checker.judge([other, one]) == [first[1], first[0]]
    assert network.asked == [one, other]


def test_judgements_longest_unasked_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.support.REMEMBERED", 2)
    network = Counted()
    checker = SupportChecker(network, calibration=PLAIN)
    for text in ("a", "b", "a", "c", "a", "b"):
        checker.judge([claim(text)])
    assert [one.text for one in network.asked] == ["a", "b", "c", "b"]
    assert REMEMBERED > 1000


def test_nothing_asked_loads_nothing() -> None:
    assert SupportChecker().judge([]) == []


def test_importing_the_checker_loads_no_torch() -> None:
    code = "import sys, rag.support; rag.support.SupportChecker(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


logits = st.lists(st.floats(-20, 20), min_size=3, max_size=3)


@settings(deadline=None)
@given(logits)
def test_probabilities_are_those_of_a_softmax(row: list[float]) -> None:
    found = judgement(row, PLAIN)
    rest = judgement(row[::-1], PLAIN).supported
    assert found.supported + found.contradicted + rest == pytest.approx(1.0)
    assert (found.supported > found.contradicted) == (row[0] > row[1]) or found.supported == found.contradicted


@settings(deadline=None)
@given(logits)
def test_a_bias_moves_a_class_and_a_scale_makes_it_less_sure(row: list[float]) -> None:
    moved = judgement(
        row, SupportCalibration(scale=1.0, bias=(1.0, 0.0, 0.0), supported=0.5, sure=0.5, contradicted=0.5)
    )
    assert moved.supported >= judgement(row, PLAIN).supported
    flat = judgement(
        row, SupportCalibration(scale=0.0, bias=(0.0, 0.0, 0.0), supported=0.5, sure=0.5, contradicted=0.5)
    )
    assert flat.supported == pytest.approx(1 / 3)


def test_weights_that_are_not_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    own = load_file(TRAINED)
    own["classes.bias"] = own["classes.bias"] + 1
    save_file(own, tmp_path / "support.safetensors")
    with pytest.raises(ReaderError, match="is not the support checker's"):
        Scorer.load(tmp_path / "support.safetensors")


def test_absent_weights_are_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match=r"cannot be read at .*gone\.safetensors.*make install"):
        Scorer.load(tmp_path / "gone.safetensors")


def test_weights_of_another_shape_of_network_are_refused(tmp_path: Path) -> None:
    own = load_file(TRAINED)
    own["other.weight"] = own.pop("classes.weight")
    save_file(own, tmp_path / "support.safetensors")
    with pytest.raises(ReaderError, match="does not fit the network"):
        Scorer.load(tmp_path / "support.safetensors", pinned="")


def test_the_same_claims_are_always_judged_alike_and_in_their_order(checker: SupportChecker) -> None:
    claims = [claim("Rubio met Lavrov."), claim("Zelensky was in Riyadh."), claim("Rubio met Lavrov.", title="")]
    again = SupportChecker(checker.network).judge(claims)
    assert checker.judge(claims) == again
    turned = SupportChecker(checker.network).judge(claims[::-1])[::-1]
    for one, other in zip(again, turned, strict=True):
        assert one.supported == pytest.approx(other.supported, abs=0.02)  # bfloat16, another batch


def test_a_claim_alone_is_judged_as_among_others(checker: SupportChecker) -> None:
    claims = [claim(f"Rubio met Lavrov {'again and ' * i}in Riyadh.") for i in range(9)]
    together = SupportChecker(checker.network).judge(claims)
    for one, found in zip(claims, together, strict=True):
        alone = SupportChecker(checker.network).judge([one])[0]
        assert alone.supported == pytest.approx(found.supported, abs=0.03)


def test_threads_may_judge_at_once(checker: SupportChecker) -> None:
    shared, found = SupportChecker(checker.network), [None] * 4
    claims = [claim("Rubio met Lavrov in Riyadh."), claim("Zelensky rejected the talks.")]

    def judge(i: int) -> None:
        found[i] = shared.judge(claims)  # type: ignore[call-overload]

    threads = [Thread(target=judge, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = checker.judge(claims)
    for one in found:
        assert one is not None
        assert [j.supported for j in one] == pytest.approx([j.supported for j in expected], abs=0.02)


def test_what_does_not_fit_into_the_window_is_judged_without_its_end(checker: SupportChecker) -> None:
    long = PREMISE + " The talks went on." * 200
    found = checker.judge([claim("Rubio met Lavrov in Riyadh.", long), claim("word " * 900, long), claim("", "")])
    assert all(isinstance(one, Judgement) and 0 <= one.supported <= 1 for one in found)


FLOOD = (
    "At least 158 people have died after flash floods hit the Valencia region on Wednesday, emergency services said. "
    "Prime Minister Pedro Sanchez promised 10 billion euros in aid, while regional leader Carlos Mazon defended the "
    "late warning. The army may be sent to Paiporta, the mayor said."
)
RATES = (
    "The European Central Bank cut its deposit rate to 2.75 percent in January, the fifth cut since June. Christine "
    "Lagarde said the bank was not pre-committing to a path. Joachim Nagel warned against further cuts before March."
)
VERDICT = (
    "Apple sued Samsung in California in 2011 over the design of its phones. A jury awarded Apple 1.05 billion dollars "
    "in 2012. Samsung appealed against the verdict."
)
KENYA = (
    "Kenya reportedly plans to send 600 police officers to Haiti by the end of the month. Officials in Port-au-Prince "
    "did not confirm the number. The mission is funded mostly by the United States."
)


@pytest.mark.parametrize(
    ("premise", "text"),
    [
        (PREMISE, "Marco Rubio and Sergei Lavrov met in Riyadh on Tuesday."),
        (PREMISE, "Zelensky rejected the talks."),
        (FLOOD, "At least 158 people died in floods in the Valencia region."),
        (FLOOD, "The regional leader, Carlos Mazon, defended the late warning."),
        (FLOOD, "The army might be sent to Paiporta."),
        (RATES, "Lagarde said that the bank is not pre-committing to a path."),
        (RATES, "It was the fifth cut since June."),
        (VERDICT, "In 2012 a jury awarded Apple 1.05 billion dollars."),
        (KENYA, "Most of the funding for the mission comes from the United States."),
        (KENYA, "Officials did not confirm the number."),
    ],
)
def test_what_a_premise_says_in_other_words_is_supported(checker: SupportChecker, premise: str, text: str) -> None:
    assert checker.judge([claim(text, premise, "")])[0].supported >= SUPPORTED


@pytest.mark.parametrize(
    ("kind", "premise", "text"),
    [
        ("negation", PREMISE, "Rubio did not meet Lavrov."),
        ("opposite", PREMISE, "Zelensky accepted the talks."),
        ("speaker", PREMISE, "Lavrov said that no date had been set."),
        ("date", PREMISE, "Rubio met Lavrov on Wednesday."),
        ("hedge", FLOOD, "The army has been sent to Paiporta."),
        ("opposite", FLOOD, "Sanchez refused to send aid."),
        ("opposite", FLOOD, "158 people are missing after the floods."),
        ("number", RATES, "The bank cut its deposit rate to 3 percent in January."),
        ("number", KENYA, "Kenya plans to send 6,000 police officers."),
        ("speaker", RATES, "Lagarde warned against further cuts before March."),
        ("date", RATES, "The ECB cut its rate in March."),
        ("roles", VERDICT, "Samsung sued Apple in 2011."),
        ("name", VERDICT, "A jury awarded Samsung 1.05 billion dollars."),
        ("roles", KENYA, "Haiti plans to send 600 police officers to Kenya."),
        ("hedge", KENYA, "The mission is funded entirely by the United States."),
    ],
)
def test_what_a_premise_does_not_say_is_not_supported(
    checker: SupportChecker, kind: str, premise: str, text: str
) -> None:
    assert checker.judge([claim(text, premise, "")])[0].supported < SUPPORTED


def test_percent_and_initials_are_read_alike_however_they_are_written() -> None:
    assert (
        alike("The U.S. share is 2.75%.") == alike("The US share is 2.75 per cent.") == "The US share is 2.75 percent."
    )
    assert alike("He left the U.S. She stayed.") == "He left the U.S. She stayed."
    assert alike("J. Smith left.") == "J. Smith left."


def test_thresholds_are_probabilities() -> None:
    assert 0 < SUPPORTED < 1
    assert 0 < CONTRADICTED < 1
