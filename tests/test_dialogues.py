"""The dialogues hold what they claim, and are measured as they say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eval.dialogues import FILE, Dialogue, figures, hold, load, main, rules
from eval.suite import Gold
from rag.errors import RagError, SuiteError
from rag.types import Answer, Document, Hit, Turn

RESULT = Path(__file__).parent.parent / "eval" / "results" / "dialogues" / "sample.json"
SUITE, DIALOGUES = load("sample")


def test_sixty_dialogues_about_the_sample_reports_can_be_answered_from_them() -> None:
    assert len(DIALOGUES) == len({one.id for one in DIALOGUES}) == len({one.turns for one in DIALOGUES}) == 60
    assert Counter(one.part for one in DIALOGUES) == {"tune": 20, "held out": 40}
    assert {len(one.turns) for one in DIALOGUES} == {2, 3}
    assert sum(one.kind == "topic" for one in DIALOGUES) >= 10
    assert {gold.doc_id for one in DIALOGUES for gold in one.evidence} == {one.path for one in SUITE.documents}
    assert all(one.evidence and not gold.anywhere for one in DIALOGUES for gold in one.evidence)


def test_a_last_turn_is_said_in_other_words_unless_it_stands_alone() -> None:
    same = [one for one in DIALOGUES if one.standalone.lower() == one.turns[-1].lower()]
    assert {one.kind for one in same} == {"topic"}


GOLD = {"doc_id": "vote.txt", "start": 14, "end": 24, "text": "She is 41."}
LINE = {"id": "d1", "part": "tune", "kind": "person", "turns": ["Who won?", "How old is she?"],
        "standalone": "How old is Ana Lisk?", "evidence": [GOLD]}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of one document without dialogues yet."""
    made = tmp_path_factory.mktemp("suite")
    (made / "suite.toml").write_text('name = "small"\ndocuments = "documents"\nquestions = "questions.jsonl"\n')
    (made / "documents").mkdir()
    (made / "documents" / "vote.txt").write_text("Ana Lisk won. She is 41.")
    asked = {"id": "q1", "question": "Who won?", "answerable": False}
    (made / "questions.jsonl").write_text(json.dumps(asked) + "\n")
    return made


def test_a_dialogue_names_the_place_that_answers_its_last_turn(folder: Path) -> None:
    (folder / FILE).write_text(json.dumps(LINE) + "\n")
    assert load(folder)[1] == [DIALOGUE]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"part": "mine"}, "part is 'mine'"),
        ({"turns": ["Who?"]}, "turns is ['Who?']"),
        ({"evidence": []}, "answerable without evidence"),
        ({"evidence": [GOLD | {"start": 13}]}, "vote.txt does not say 'She is 41.' at 13:24"),
        ({"standalone": " "}, "standalone is ' '"),
    ],
)
def test_a_dialogue_that_cannot_be_measured_is_refused(folder: Path, change: dict[str, Any], message: str) -> None:
    (folder / FILE).write_text(json.dumps(LINE | change) + "\n")
    with pytest.raises(SuiteError) as caught:
        load(folder)
    assert message in str(caught.value)


REPORT = Document(text="Ana Lisk won. She is 41.", path="vote.txt", title="Vote", sha256="0" * 64)
DIALOGUE = Dialogue(
    id="d1", part="tune", kind="person", turns=("Who won?", "How old is she?"), standalone="How old is Ana Lisk?",
    evidence=(Gold(doc_id="vote.txt", start=14, end=24),),
)  # fmt: skip


class Scripted:
    """Finds the place only where somebody is asked about by name, and then second."""

    index = None

    def __init__(self) -> None:
        self.index = self
        self.asked: list[str] = []

    def search(self, question: str, *, k: int) -> list[Hit]:
        assert k == 12
        spans = [(0, 13), (14, 24)] if "Lisk" in question else [(0, 13)]
        return [
            Hit(score=1.0, text=REPORT.text[a:b], title="Vote", path="vote.txt", span=REPORT.span(a, b), passage_id=n)
            for n, (a, b) in enumerate(spans)
        ]

    def ask(self, question: str) -> Any:
        self.asked.append(question)
        if question == "Who won?":
            return SimpleNamespace(question=question, text="Ana Lisk won. [1]", abstained=False, citations=())
        return Answer(question=question, reason="The documents do not say.")


def test_each_way_is_measured_with_its_own_answers_and_nothing_is_asked_twice() -> None:
    def names_her(question: str, history: Sequence[Turn]) -> str:
        return question.replace("she", history[-1].answer[:8]) if history else question

    scripted = Scripted()
    rows = hold([DIALOGUE], scripted, {"raw": lambda question, _: question, "rewritten": names_her})  # type: ignore[arg-type]
    assert [rows[way][0]["question"] for way in rows] == ["How old is she?", *["How old is Ana Lisk?"] * 2]
    assert [rows[way][0]["rank"] for way in rows] == [None, 2, 2]
    assert [rows[way][0]["recall_at_1"] for way in rows] == [0.0, 0.0, 0.0]
    assert [rows[way][0]["recall_at_3"] for way in rows] == [0.0, 1.0, 1.0]
    assert [rows[way][0]["right"] for way in rows] == [0.0, 0.0, 0.0]
    assert scripted.asked == ["Who won?", "How old is she?", "How old is Ana Lisk?"]


def test_rules_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "older.py"
    file.write_text("def complete(question, history):\n    return question.upper()\n", encoding="utf-8")
    assert rules(file)("who?", []) == "WHO?"
    with pytest.raises(RagError, match="no Python file"):
        rules(tmp_path / "absent.py")


def test_a_suite_without_dialogues_is_an_error_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--suite", str(tmp_path / "none")]) == 1
    assert "no suite" in capsys.readouterr().err


def test_the_published_figures_are_those_of_the_published_rows_of_these_dialogues() -> None:
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    assert [(one["id"], one["part"], tuple(one["turns"])) for one in found["dialogues"]] == [
        (one.id, one.part, one.turns) for one in DIALOGUES
    ]
    ways = found["figures"]["all"]["ways"]
    rows = {way: [one[way] for one in found["dialogues"]] for way in ways}
    assert figures(DIALOGUES, rows) == found["figures"]
    assert [one["standalone"]["question"] for one in found["dialogues"]] == [one.standalone for one in DIALOGUES]
