"""Making a suite from a folder of documents, and adding questions whose places are found."""

from __future__ import annotations

import json
import multiprocessing
import tomllib
from pathlib import Path
from typing import Any

import pytest

from eval import authoring
from eval.authoring import ALL, Quote, Scaffold, _nearest, add, scaffold
from eval.suite import Gold, Suite
from rag.errors import SuiteError

TALKS = "Talks open\n\nThe ministers met in Riyadh on Tuesday. Riyadh was quiet."
FROST = "Frost\n\nFarmers near Lyon lost half of\ntheir apricots."


def reports(folder: Path) -> Path:
    (folder / "south").mkdir(parents=True)
    (folder / "talks.txt").write_text(TALKS, encoding="utf-8")
    (folder / "south" / "frost.txt").write_text(FROST, encoding="utf-8")
    return folder


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return scaffold(reports(tmp_path / "reports"), tmp_path / "news").folder


def written(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


def copies(folder: Path) -> list[str]:
    files = (file for file in (folder / "documents").rglob("*") if file.is_file())
    return sorted(file.relative_to(folder / "documents").as_posix() for file in files)


def test_a_new_suite_holds_copies_and_settings_and_no_questions(tmp_path: Path) -> None:
    source = reports(tmp_path / "reports")
    made = scaffold(source, tmp_path / "new" / 'my "news"')
    assert made == Scaffold(folder=tmp_path / "new" / 'my "news"', rejected=[])
    assert copies(made.folder) == ["south/frost.txt", "talks.txt"]
    assert (made.folder / "documents" / "south" / "frost.txt").read_text(encoding="utf-8") == FROST
    assert (made.folder / "questions.jsonl").read_bytes() == b""
    settings = tomllib.loads((made.folder / "suite.toml").read_text(encoding="utf-8"))
    assert settings == {
        "name": 'my "news"', "description": "", "documents": "documents", "questions": "questions.jsonl",
    }  # fmt: skip
    with pytest.raises(SuiteError, match=r"""suite 'my "news"' has no questions\. Add one: `rag eval add`\."""):
        Suite.load(made.folder)
    assert (source / "talks.txt").read_text(encoding="utf-8") == TALKS


def test_the_example_in_the_settings_is_a_question_that_add_would_write(suite: Path) -> None:
    comments = [line[2:] for line in (suite / "suite.toml").read_text(encoding="utf-8").splitlines() if line[:1] == "#"]
    example = json.loads("".join(comments[1:3]))
    add(suite, "Where?", answers=["Riyadh"], evidence=[Quote("talks.txt", "Riyadh", nth=1)], category="place")
    assert list(example) == list(written(suite)[0])
    assert list(example["evidence"][0]) == list(written(suite)[0]["evidence"][0])


def test_files_that_cannot_be_read_are_left_out_and_named_with_the_reason(tmp_path: Path) -> None:
    source = reports(tmp_path / "reports")
    (source / "empty.txt").write_text("", encoding="utf-8")
    (source / "photo\n.jpg").write_bytes(b"\xff\xd8")
    (source / "gone.txt").symlink_to(tmp_path / "nowhere")
    made = scaffold(source, tmp_path / "news")
    assert copies(made.folder) == ["south/frost.txt", "talks.txt"]
    assert [(name, reason.split(".")[0]) for name, reason in made.rejected] == [
        ("empty.txt", "it is empty"),
        ("gone.txt", "it is a link to nothing"),
        ("photo\n.jpg", ""),
    ]
    assert made.rejected[2][1].startswith(".jpg files are not supported")
    text = (made.folder / "suite.toml").read_text(encoding="utf-8")
    assert "# Left out: 'empty.txt': it is empty\n" in text
    assert "# Left out: 'photo\\n.jpg': .jpg files are not supported." in text
    assert tomllib.loads(text)["name"] == "news"
    add(made.folder, "Where?", answers=["Riyadh"], evidence=[Quote("talks.txt", "Riyadh", nth=ALL)])
    assert Suite.load(made.folder).total == 1


def test_a_suite_is_not_made_over_what_is_there_or_from_nothing(tmp_path: Path) -> None:
    source = reports(tmp_path / "reports")
    with pytest.raises(SuiteError, match=r"reports is there already\. Give a new folder, or an empty one"):
        scaffold(source, source)
    with pytest.raises(SuiteError, match=r"talks\.txt is there already"):
        scaffold(source, source / "talks.txt")
    with pytest.raises(SuiteError, match=r"no folder .*nowhere\. Give the folder that holds the documents"):
        scaffold(tmp_path / "nowhere", tmp_path / "a")
    (tmp_path / "photos").mkdir()
    with pytest.raises(SuiteError, match=r"photos holds no document that Footnote can read\. Give another folder"):
        scaffold(tmp_path / "photos", tmp_path / "a")
    (tmp_path / "photos" / "b.jpg").write_bytes(b"x")
    with pytest.raises(SuiteError, match=r"can read \(b\.jpg: \.jpg files are not supported"):
        scaffold(tmp_path / "photos", tmp_path / "a")
    assert not (tmp_path / "a").exists()
    (tmp_path / "a").mkdir()
    assert scaffold(source, tmp_path / "a").folder == tmp_path / "a"


def test_an_added_question_is_written_with_the_place_of_its_quote(suite: Path) -> None:
    start = TALKS.index("in Riyadh on Tuesday")
    added = add(
        suite, " Where did they meet? ", answers=["Riyadh", "in Riyadh"],
        evidence=[("talks.txt", "in Riyadh on Tuesday")], category="place",
    )  # fmt: skip
    assert written(suite) == [
        {"id": "q001", "question": "Where did they meet?", "answers": ["Riyadh", "in Riyadh"], "answerable": True,
         "evidence": [{"doc_id": "talks.txt", "start": start, "end": start + 20, "text": "in Riyadh on Tuesday"}],
         "category": "place"}
    ]  # fmt: skip
    assert added.evidence == (Gold(doc_id="talks.txt", start=start, end=start + 20),)
    assert Suite.load(suite).questions == (added,)


def test_of_a_quote_said_several_times_one_place_is_named_or_all(suite: Path) -> None:
    one, two = TALKS.index("Riyadh"), TALKS.rindex("Riyadh")
    with pytest.raises(SuiteError, match=rf"says 'Riyadh' at 2 places \({one}, {two}\)\. Quote more words"):
        add(suite, "Where?", answers=["Riyadh"], evidence=[("talks.txt", "Riyadh")])
    each = add(suite, "Where?", answers=["Riyadh"], evidence=[Quote("talks.txt", "Riyadh", nth=ALL)])
    assert each.evidence == (
        Gold(doc_id="talks.txt", start=one, end=one + 6), Gold(doc_id="talks.txt", start=two, end=two + 6),
    )  # fmt: skip
    assert written(suite)[0]["evidence"][0]["alt_starts"] == [two]
    second = add(suite, "What was quiet?", answers=["Riyadh"], evidence=[Quote("talks.txt", "Riyadh", nth=2)])
    assert second.evidence == (Gold(doc_id="talks.txt", start=two, end=two + 6),)
    for nth in (-1, 3):
        with pytest.raises(SuiteError, match=rf"says 'Riyadh' at 2 places, and number {nth} is none\. .* from 1 to 2"):
            add(suite, "Which?", answers=["Riyadh"], evidence=[Quote("talks.txt", "Riyadh", nth=nth)])
    assert [row["id"] for row in written(suite)] == ["q001", "q002"]


def test_quotes_are_interchangeable_unless_they_are_of_named_facts(suite: Path) -> None:
    quotes = [Quote("talks.txt", "Tuesday", fact="when"), Quote("south/frost.txt", "Lyon", fact="where")]
    added = add(suite, "When and where?", answers=["Tuesday, Lyon"], evidence=quotes)
    assert [(gold.doc_id, gold.fact) for gold in added.evidence] == [
        ("talks.txt", "when"),
        ("south/frost.txt", "where"),
    ]
    other = add(suite, "And?", answers=["x"], evidence=[quote[:2] for quote in quotes])
    assert [gold.fact for gold in other.evidence] == ["", ""]


def test_without_evidence_the_question_is_unanswerable(suite: Path) -> None:
    added = add(suite, "Who won the cup?")
    assert (added.id, added.answerable, added.answers, added.evidence) == ("q001", False, (), ())
    assert added.category == "unanswerable"
    assert written(suite) == [
        {"id": "q001", "question": "Who won the cup?", "answers": [], "answerable": False, "evidence": []}
    ]


WHERE = {"answers": ["Riyadh"], "evidence": [Quote("talks.txt", "Riyadh", nth=ALL)]}
REFUSED = [
    ("Who?", {"evidence": [("talks.txt", "in Paris")], "answers": ["x"]},
     r"new question \(id q002\): talks\.txt does not say 'in Paris'\. Copy the text from the document as Footnote"),
    ("Who?", {"evidence": [("south/frost.txt", "Half of their apricots")], "answers": ["x"]},
     r"frost\.txt does not say 'Half of their apricots'\. It says 'half of\\ntheir apricots'"),
    ("Who?", {"evidence": [("talks.txt", " ")], "answers": ["x"]}, r"talks\.txt does not say ' '\. Copy"),
    ("Who?", {"evidence": [("frost.txt", "Lyon")], "answers": ["x"]},
     r"no document 'frost\.txt'\. Known: south/frost\.txt, talks\.txt"),
    ("Who?", {"answers": ["x"]}, r"answers without evidence\. Quote what says so"),
    ("Who?", {"evidence": [Quote("talks.txt", "Riyadh", nth=ALL)]}, r"answerable without an answer"),
    ("Who?", WHERE | {"answers": ["Riyadh", " "]}, r"a blank answer\. Remove it"),
    ("Who?", WHERE | {"id": "q001"}, r"the new question \(id q001\): the id is used twice"),
    (" where  DID they meet? ", WHERE, r"\(id q002\): question q001 is the same\. Ask something else"),
    (" ", WHERE, r"question is ''\. Give a text as 'question'"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "more", "message"), REFUSED)
def test_a_question_that_does_not_hold_is_refused_and_changes_nothing(
    suite: Path, question: str, more: dict[str, Any], message: str
) -> None:
    add(suite, "Where did they meet?", **WHERE)
    before = (suite / "questions.jsonl").read_bytes()
    with pytest.raises(SuiteError, match=message) as caught:
        add(suite, question, **more)
    assert str(caught.value).startswith(f"{suite / 'questions.jsonl'}, the new question (id ")
    assert caught.value.remedy
    assert (suite / "questions.jsonl").read_bytes() == before


def test_a_last_line_without_newline_stays_a_line_and_others_stay_as_they_are(suite: Path) -> None:
    file = suite / "questions.jsonl"
    line = '{"id":"mine",  "question":"Wer gewann?","answerable":false}'
    file.write_bytes(line.encode() + b"\r\n" + line.replace("mine", "q003").replace("gewann", "verlor").encode())
    assert add(suite, "Où ?").id == "q004"  # the third, and q003 is taken
    text = file.read_bytes().decode()
    assert text.startswith(f"{line}\r\n")
    added = '{"id": "q004", "question": "Où ?", "answers": [], "answerable": false, "evidence": []}'
    assert text.endswith(f'"answerable":false}}\n{added}\n')
    assert [question.id for question in Suite.load(suite).questions] == ["mine", "q003", "q004"]


def test_a_stop_before_the_rename_leaves_the_questions_whole(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(suite, "First?")
    before = (suite / "questions.jsonl").read_bytes()

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(authoring.os, "fsync", full)
    with pytest.raises(SuiteError, match=r"questions\.jsonl cannot be written: No space left on device\. Check"):
        add(suite, "Second?")
    assert (suite / "questions.jsonl").read_bytes() == before
    monkeypatch.undo()
    assert add(suite, "Second?").id == "q002"


def test_nothing_is_added_to_a_suite_that_does_not_hold_or_to_none(suite: Path, tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"reports holds no suite\.toml\. Make a suite: `rag eval new`"):
        add(tmp_path / "reports", "Who?")
    with pytest.raises(SuiteError, match=r"no suite '.*nowhere'\. Give a folder or file"):
        add(tmp_path / "nowhere", "Who?")
    (suite / "questions.jsonl").write_text('{"id": "x", "question": "Who?", "answerable": true}\n', encoding="utf-8")
    with pytest.raises(SuiteError, match=r"questions\.jsonl, line 1 \(id x\): answerable without an answer"):
        add(suite, "Where?", **WHERE)
    assert len(written(suite)) == 1


def _add_one(folder: Path, number: int) -> None:
    add(folder, f"Question number {number}?")


def test_questions_added_at_once_by_several_processes_are_all_kept(suite: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(_add_one, [(suite, number) for number in range(6)])
    assert sorted(row["question"] for row in written(suite)) == [f"Question number {n}?" for n in range(6)]
    assert sorted(row["id"] for row in written(suite)) == [f"q00{n}" for n in range(1, 7)]


def test_a_quote_with_other_quotation_marks_is_told_as_it_stands() -> None:
    assert _nearest("In the city’s “best” parks", 'the city\'s "best" parks') == "It says 'the city’s “best” parks'."
    assert _nearest("In the city’s parks", "the citys parks").startswith("Copy the text")
