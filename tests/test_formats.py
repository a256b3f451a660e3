"""Published benchmarks run by path: what each form is read as, and what is said where it is not as it should be."""

from __future__ import annotations

import gzip
import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from eval.suite import Gold, Question, Suite
from rag.errors import SuiteError

DATA = Path(__file__).parents[2] / "shared" / "data"


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def lines(*objects: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in objects)


def gold(doc_id: str, start: int, end: int, **more: Any) -> Gold:
    return Gold(doc_id=doc_id, start=start, end=end, **more)


def by_id(suite: Suite) -> dict[str, Question]:
    return {question.id: question for question in suite.questions}


def texts(suite: Suite) -> dict[str, str]:
    return {document.path: document.text for document in suite.documents}


# --- SQuAD

TOWER = "The tower was built in 1889. It stands in Paris, and Paris lies on the Seine."
BRIDGE = "The bridge was built in 1607."


def answer(text: str, start: int) -> dict[str, Any]:
    return {"text": text, "answer_start": start}


def squad() -> dict[str, Any]:
    asked = [
        {"id": "a", "question": "When was it built?", "is_impossible": False,
         "answers": [answer("1889", 23), answer("in 1889", 20), answer("1889", 23)]},
        {"id": "b", "question": "Who built it?", "is_impossible": True, "answers": [],
         "plausible_answers": [answer("Paris", 42)]},
    ]  # fmt: skip
    bridge = [{"id": "c", "question": "And the bridge?", "answers": [answer("1607", 24)]}]  # as in version 1.1
    others = [{"context": "It is new.", "qas": []}, {"context": BRIDGE, "qas": bridge}]
    return {
        "version": "v2.0",
        "data": [
            {"title": "Eiffel_%26_Co", "paragraphs": [{"context": TOWER, "qas": asked}]},
            {"title": "Pont_Neuf", "paragraphs": others},
        ],
    }


def test_squad_paragraphs_are_documents_and_answers_alternatives(tmp_path: Path) -> None:
    suite = Suite.load(write(tmp_path / "dev-v2.0.json", squad()))
    assert (suite.name, suite.description, suite.total, suite.gaps) == ("dev-v2.0", "SQuAD", 3, ())
    assert texts(suite) == {"Eiffel_%26_Co/1": TOWER, "Pont_Neuf/1": "It is new.", "Pont_Neuf/2": BRIDGE}
    assert [document.title for document in suite.documents] == ["Eiffel & Co", "Pont Neuf", "Pont Neuf"]
    a, b, c = suite.questions
    assert (a.id, a.question, a.answers) == ("a", "When was it built?", ("1889", "in 1889"))
    assert a.evidence == (gold("Eiffel_%26_Co/1", 23, 27), gold("Eiffel_%26_Co/1", 20, 27))
    assert (b.answerable, b.answers, b.evidence, b.category) == (False, (), (), "unanswerable")
    assert b.document == "Eiffel_%26_Co/1"
    assert (c.answerable, c.answers, c.evidence) == (True, ("1607",), (gold("Pont_Neuf/2", 24, 28),))


@pytest.mark.parametrize("start", [24, -5, 1000, None, "23"])
def test_a_wrong_place_in_squad_is_a_gap_and_the_paragraph_the_evidence(tmp_path: Path, start: Any) -> None:
    spoilt = squad()
    spoilt["data"][0]["paragraphs"][0]["qas"][0]["answers"] = [{"text": "1889", "answer_start": start}]
    suite = Suite.load(write(tmp_path / "dev.json", spoilt))
    where = f"question a: Eiffel_%26_Co/1 does not say '1889' at {start!r}; the whole document is the evidence"
    assert suite.gaps == (where,)
    assert suite.questions[0].evidence == (gold("Eiffel_%26_Co/1", 0, len(TOWER), anywhere=True),)
    assert suite.questions[0].answers == ("1889",)


def test_other_defects_of_squad_are_gaps(tmp_path: Path) -> None:
    spoilt = squad()
    asked = spoilt["data"][0]["paragraphs"][0]["qas"]
    asked[0]["answers"] = [answer("1889", 23), answer("", 0)]
    asked[1]["answers"] = [answer("Paris", 42)]
    spoilt["data"][1]["paragraphs"][0]["context"] = " "
    suite = Suite.load(write(tmp_path / "dev.json", spoilt))
    assert suite.gaps == (
        "question b: answers, though it is said to be impossible; left out",
        "question a: a blank answer",
        "question a: empty evidence",
        "document Pont_Neuf/1: no text; left out",
    )
    assert by_id(suite)["b"].answerable is False
    assert list(texts(suite)) == ["Eiffel_%26_Co/1", "Pont_Neuf/2"]


def test_squad_is_read_compressed_pretty_printed_and_with_a_byte_order_mark(tmp_path: Path) -> None:
    plain = Suite.load(write(tmp_path / "dev.json", squad()))
    printed = Suite.load(write(tmp_path / "printed.json", "\ufeff" + json.dumps(squad(), indent=1)))
    packed = tmp_path / "dev.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(squad()).encode()))
    assert printed.digest == Suite.load(packed).digest == plain.digest
    assert (printed.name, Suite.load(packed).name) == ("printed", "dev")


def test_articles_of_one_title_count_on(tmp_path: Path) -> None:
    twice = squad()
    twice["data"][1]["title"] = "Eiffel_%26_Co"
    assert list(texts(Suite.load(write(tmp_path / "dev.json", twice)))) == [
        "Eiffel_%26_Co/1", "Eiffel_%26_Co/2", "Eiffel_%26_Co/3",
    ]  # fmt: skip


SQUAD_ERRORS = [
    (("data",), {}, r"dev\.json: data is not a list of objects\. Give a list of objects as 'data'"),
    (("data", 1, "paragraphs"), None, r"dev\.json, data\[1\]: paragraphs is not a list of objects"),
    (("data", 1, "paragraphs", 1, "context"), 3, r"dev\.json, data\[1\]\.paragraphs\[1\]: context is 3\. Give a text"),
    (("data", 1, "paragraphs", 1, "qas", 0, "answers"), None, r"qas\[0\] \(id c\): answers is not a list of objects"),
    (("data", 1, "paragraphs", 1, "qas", 0, "question"), " ", r"paragraphs\[1\]\.qas\[0\] \(id c\): question is ' '"),
    (("data", 1, "paragraphs", 1, "qas", 0, "id"), "a", r"qas\[0\] \(id a\): the id is used twice\. Give every"),
    (("data", 1, "paragraphs", 1, "qas", 0, "id"), None, r"data\[1\]\.paragraphs\[1\]\.qas\[0\]: id is None"),
]


@pytest.mark.parametrize(("path", "value", "message"), SQUAD_ERRORS)
def test_an_error_in_squad_names_file_place_and_remedy(
    tmp_path: Path, path: tuple[Any, ...], value: Any, message: str
) -> None:
    spoilt: Any = squad()
    inner = spoilt
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(SuiteError, match=message) as caught:
        Suite.load(write(tmp_path / "dev.json", spoilt))
    assert caught.value.remedy


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"dev\.json: .*delimiter.* Restore the file; it is one JSON value"):
        Suite.load(write(tmp_path / "dev.json", json.dumps(squad())[:-9]))
    packed = tmp_path / "dev.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(squad()).encode())[:-20])
    with pytest.raises(SuiteError, match=r"dev\.json\.gz cannot be read: .* Restore the file"):
        Suite.load(packed)


def rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / "squad2_dev" / name, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.skipif(not (DATA / "squad2_dev").is_dir(), reason="the data beside the project are absent")
def test_squad_json_and_the_data_folder_of_the_same_set_are_the_same_questions(tmp_path: Path) -> None:
    documents = rows("documents.jsonl.gz")[:40]
    kept = {document["id"] for document in documents}
    asked = [question for question in rows("questions.jsonl.gz") if question["meta"]["doc_id"] in kept]
    articles = []
    for article, group in groupby(documents, key=lambda document: document["meta"]["article"]):
        paragraphs = []
        for document in group:
            mine = [question for question in asked if question["meta"]["doc_id"] == document["id"]]
            qas = [
                {"id": q["id"], "question": q["question"], "is_impossible": not q["answerable"],
                 "answers": [answer(e["text"], e["start"]) for e in q["evidence"]]}
                for q in mine
            ]  # fmt: skip
            paragraphs.append({"context": document["text"], "qas": qas})
        articles.append({"title": article, "paragraphs": paragraphs})
    suite = Suite.load(write(tmp_path / "slice.json", {"version": "v2.0", "data": articles}))
    for name, given in (("documents", documents), ("questions", asked)):
        path = tmp_path / "slice" / f"{name}.jsonl.gz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(lines(*given).encode()))
    ours = Suite.load(path.parent)
    assert suite.gaps == ours.gaps == ()
    assert sorted(texts(suite).values()) == sorted(texts(ours).values())
    assert {d.title for d in suite.documents} == {d.title for d in ours.documents}
    assert len(suite.questions) == len(asked) > 300
    assert {q.answerable for q in suite.questions} == {True, False}
    for mine, theirs in ((by_id(suite)[q["id"]], by_id(ours)[q["id"]]) for q in asked):
        assert (mine.question, mine.answers, mine.answerable) == (theirs.question, theirs.answers, theirs.answerable)
        assert texts(suite)[mine.document] == texts(ours)[theirs.document]
        said = {texts(suite)[g.doc_id][g.start : g.end].casefold() for g in mine.evidence}
        assert said == {texts(ours)[g.doc_id][g.start : g.end].casefold() for g in theirs.evidence}


# --- BEIR

CORPUS = [
    {"_id": "d1", "title": "Frost", "text": "Frost took half of the apricots.", "metadata": {}},
    {"_id": "d2", "title": "Only a title", "text": ""},
    {"_id": "d3", "title": "", "text": "The Oder fell."},
    {"_id": "d4", "title": "", "text": ""},
]
QUERIES = [
    {"_id": "1", "text": "What did frost take?"},
    {"_id": "2", "text": "Not judged"},
    {"_id": "3", "text": "Oder?"},
]
QRELS = "query-id\tcorpus-id\tscore\n1\td1\t2\n1\td2\t1\n1\td3\t0\n3\td3\t1\n"


def beir(folder: Path, qrels: dict[str, str] | None = None, *, packed: bool = False) -> Path:
    given = {"test.tsv": QRELS} if qrels is None else qrels
    files = {"corpus.jsonl": lines(*CORPUS), "queries.jsonl": lines(*QUERIES)}
    for name, text in (files | {f"qrels/{name}": text for name, text in given.items()}).items():
        if packed:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        else:
            write(folder / name, text)
    (folder / "qrels").mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_beir_asks_the_judged_queries_and_names_whole_documents(tmp_path: Path, packed: bool) -> None:
    suite = Suite.load(beir(tmp_path / "farms", packed=packed))
    assert suite.name == "farms"
    assert suite.description == ("BEIR, qrels/test.tsv.gz" if packed else "BEIR, qrels/test.tsv")
    assert texts(suite) == {"d1": "Frost took half of the apricots.", "d2": "Only a title", "d3": "The Oder fell."}
    assert suite.documents[0].title == "Frost"
    one, three = suite.questions
    assert (one.id, one.question, one.answers, one.answerable) == ("1", "What did frost take?", (), True)
    assert one.evidence == (gold("d1", 0, 32, anywhere=True), gold("d2", 0, 12, anywhere=True))
    assert (three.id, three.evidence) == ("3", (gold("d3", 0, 14, anywhere=True),))
    assert suite.gaps == ("document d4: no text; left out",)


def test_beir_lists_what_its_judgements_name_in_vain(tmp_path: Path) -> None:
    qrels = QRELS + "1\td9\t1\n2\td1\t0\n3\td4\t1\n7\td1\t1\n"
    suite = Suite.load(beir(tmp_path / "farms", {"test.tsv": qrels}))
    assert suite.gaps == (
        "question 1: document d9 is judged, and not in the corpus; left out",
        "question 2: no document is relevant; left out",
        "question 7: judged, and not among the queries; left out",
        "question 3: evidence in d4, which holds no text",
        "document d4: no text; left out",
    )
    assert [(q.id, [g.doc_id for g in q.evidence]) for q in suite.questions] == [("1", ["d1", "d2"]), ("3", ["d3"])]


def test_beir_prefers_the_test_split_then_dev_then_the_only_one(tmp_path: Path) -> None:
    only3 = "query-id\tcorpus-id\tscore\n3\td3\t1\n"
    for name, splits in (("a", ["test", "dev", "train"]), ("b", ["dev", "train"]), ("c", ["train"])):
        given = {f"{split}.tsv": only3 if split == splits[0] else QRELS for split in splits}
        suite = Suite.load(beir(tmp_path / name, given))
        assert suite.description == f"BEIR, qrels/{splits[0]}.tsv"
        assert [question.id for question in suite.questions] == ["3"]
    with pytest.raises(SuiteError, match=r"qrels holds one\.tsv, two\.tsv\. Name the judgements .* test\.tsv"):
        Suite.load(beir(tmp_path / "d", {"one.tsv": QRELS, "two.tsv": QRELS}))
    with pytest.raises(SuiteError, match=r"qrels holds no \.tsv file\."):
        Suite.load(beir(tmp_path / "e", {}))


def test_an_error_in_beir_names_file_line_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"test\.tsv, line 3: \['1', 'd2'\] found\. One query id, document id and"):
        Suite.load(beir(tmp_path / "a", {"test.tsv": "query-id\tcorpus-id\tscore\n1\td1\t1\n1\td2\n"}))
    folder = beir(tmp_path / "b")
    write(folder / "corpus.jsonl", lines(CORPUS[0], CORPUS[0]))
    with pytest.raises(SuiteError, match=r"corpus\.jsonl, line 2: document id 'd1' is used twice\. Give every"):
        Suite.load(folder)
    write(folder / "corpus.jsonl", lines(CORPUS[0], {"_id": 4, "text": "x"}))
    with pytest.raises(SuiteError, match=r"corpus\.jsonl, line 2: _id is 4\. Give a text as '_id'"):
        Suite.load(folder)
    write(folder / "corpus.jsonl", lines(CORPUS[0]) + '{"_id": \n')
    with pytest.raises(SuiteError, match=r"corpus\.jsonl, line 2: .* One JSON object per line"):
        Suite.load(folder)


# --- MultiHop-RAG

VERGE = "The phone was announced on Tuesday. It costs $999. It costs $999."
WIRED = "A rival phone costs $899."


def article(title: str, body: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "author": "A. Writer", "source": "The Verge", "published_at": "2023-09-28T12:00:00+00:00",
            "category": "technology", "url": f"https://news.example/{title.lower()}", "body": body, **more}  # fmt: skip


def fact(title: str, said: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "author": "A. Writer", "url": f"https://news.example/{title.lower()}", "fact": said,
            "source": "The Verge", "category": "technology", "published_at": "2023-09-28T12:00:00+00:00",
            **more}  # fmt: skip


HOPS = [
    {"query": "Which phone is cheaper?", "answer": "The rival", "question_type": "comparison_query",
     "evidence_list": [fact("Phone", "It costs $999."), fact("Rival", "costs $899", url="https://moved.example/")]},
    {"query": "When was it announced?", "answer": "On Tuesday", "question_type": "temporal_query",
     "evidence_list": [fact("Phone", "announced this Tuesday"), fact("Lost", "Nobody knows.")]},
    {"query": "Who is the chief cook?", "answer": "Insufficient information.", "question_type": "null_query",
     "evidence_list": []},
]  # fmt: skip


def multihop(folder: Path, hops: list[dict[str, Any]] | None = None) -> Path:
    write(folder / "corpus.json", [article("Phone", VERGE), article("Rival", WIRED)])
    write(folder / "MultiHopRAG.json", HOPS if hops is None else hops)
    return folder


def test_multihop_evidence_is_a_fact_each_at_every_place_that_says_it(tmp_path: Path) -> None:
    suite = Suite.load(multihop(tmp_path / "hops"))
    phone, rival = "https://news.example/phone", "https://news.example/rival"
    assert (suite.name, suite.description) == ("hops", "MultiHop-RAG")
    assert texts(suite) == {phone: VERGE, rival: WIRED}
    first = suite.documents[0]
    assert (first.title, first.author, first.date) == ("Phone", "A. Writer", "2023-09-28T12:00:00+00:00")
    cheaper, announced, cook = suite.questions
    assert (cheaper.id, cheaper.question, cheaper.answers) == ("q0", "Which phone is cheaper?", ("The rival",))
    assert cheaper.category == "comparison_query"
    assert cheaper.evidence == (
        gold(phone, 36, 50, fact="1"),
        gold(phone, 51, 65, fact="1"),
        gold(rival, 14, 24, fact="2"),  # found by its title, for its address is not in the corpus
    )
    assert announced.evidence == (gold(phone, 0, len(VERGE), fact="1", anywhere=True),)
    assert (cook.answerable, cook.answers, cook.evidence, cook.category) == (False, (), (), "null_query")
    assert suite.gaps == (
        f"question q1: {phone} does not say 'announced this Tuesday'; the whole document is the evidence",
        "question q1: evidence in https://news.example/lost or Lost, which is not in the corpus; left out",
    )


def test_evidence_of_a_null_query_is_a_gap(tmp_path: Path) -> None:
    suite = Suite.load(multihop(tmp_path / "hops", [HOPS[0], HOPS[2] | {"evidence_list": [fact("Rival", "rival")]}]))
    assert suite.gaps == ("question q1: evidence, though it is a null_query; left out",)
    assert suite.questions[1].evidence == ()


def test_an_error_in_multihop_names_file_record_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"MultiHopRAG\.json, record\[1\]: question_type is None\. Give a text"):
        Suite.load(multihop(tmp_path / "a", [HOPS[0], {"query": "?"}]))
    with pytest.raises(SuiteError, match=r"record\[0\]\.evidence_list\[0\]: fact is None\. Give a text as 'fact'"):
        Suite.load(multihop(tmp_path / "b", [HOPS[0] | {"evidence_list": [fact("Phone", "x") | {"fact": None}]}]))
    folder = multihop(tmp_path / "c")
    write(folder / "corpus.json", [article("Phone", VERGE), article("Phone", WIRED)])
    with pytest.raises(
        SuiteError, match=r"corpus\.json, record\[1\]: document id 'https://news\.example/phone' is used"
    ):
        Suite.load(folder)
    write(folder / "corpus.json", {"articles": []})
    with pytest.raises(SuiteError, match=r"corpus\.json: dict found\. The file is one JSON list\."):
        Suite.load(folder)


# --- RGB

TAMPA = "The game was played in Tampa, Florida. Tampa!"
BIDS = "Bids came from many towns."
RGB = [
    {"id": 0, "query": "Super Bowl 2021 location", "answer": [["Tampa, Florida", "Tampa"]], "positive": [TAMPA, BIDS],
     "negative": ["Tickets are sold."]},
    {"id": 1, "query": "Who sells tickets?", "answer": "Nobody", "positive": [],
     "negative": ["Tickets are sold.", "No."]},
    {"id": 2, "query": "Who won?", "answer": "Norway", "fakeanswer": "Spain", "positive": ["Norway won."],
     "positive_wrong": ["Spain won."], "negative": [BIDS]},
]  # fmt: skip


def test_rgb_passages_are_documents_once_and_the_positive_ones_evidence(tmp_path: Path) -> None:
    suite = Suite.load(write(tmp_path / "en.json", lines(*RGB)))
    assert (suite.name, suite.description, suite.gaps) == ("en", "RGB", ())
    assert texts(suite) == {
        "0/1": TAMPA, "0/2": BIDS, "0/3": "Tickets are sold.", "1/2": "No.", "2/1": "Norway won.", "2/3": "Spain won.",
    }  # fmt: skip
    place, tickets, winner = suite.questions
    assert (place.id, place.question, place.answers) == ("0", RGB[0]["query"], ("Tampa, Florida", "Tampa"))
    assert place.evidence == (
        gold("0/1", 0, len(TAMPA), anywhere=True),
        gold("0/1", 23, 37),
        gold("0/1", 23, 28),
        gold("0/1", 39, 44),
        gold("0/2", 0, len(BIDS), anywhere=True),
    )
    assert (tickets.answerable, tickets.answers, tickets.evidence) == (False, (), ())
    assert (winner.answers, winner.evidence) == (("Norway",), (gold("2/1", 0, 11, anywhere=True), gold("2/1", 0, 6)))


def test_a_flat_list_of_rgb_answers_holds_alternatives(tmp_path: Path) -> None:
    suite = Suite.load(write(tmp_path / "en.json", lines(RGB[0] | {"answer": ["Tampa", "Florida", 2021]})))
    assert suite.questions[0].answers == ("Tampa", "Florida", "2021")
    assert {g.fact for g in suite.questions[0].evidence} == {""}


def test_the_parts_of_an_rgb_answer_are_facts_and_a_full_answer_has_each(tmp_path: Path) -> None:
    parts = {
        "id": 7,
        "query": "When were the oath and the first session?",
        "answer": [["3 January", "Jan 3"], "12 January"],
        "positive": [["The oath is on Jan 3."], ["They met on 12 January."]],
        "negative": ["Not then."],
    }
    suite = Suite.load(write(tmp_path / "en_int.json", lines(parts)))
    assert suite.questions[0].answers == ("3 January, 12 January", "Jan 3, 12 January")
    assert suite.questions[0].evidence == (
        gold("7/1", 0, 21, fact="1", anywhere=True),
        gold("7/1", 15, 20, fact="1"),
        gold("7/2", 0, 23, fact="2", anywhere=True),
        gold("7/2", 12, 22, fact="2"),
    )


def test_an_error_in_rgb_names_file_line_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"en\.json, line 2: positive holds something other than texts\. Give texts"):
        Suite.load(write(tmp_path / "en.json", lines(RGB[0], {"id": 1, "query": "?", "answer": "x"})))
    with pytest.raises(SuiteError, match=r"en\.json, line 2 \(id 0\): the id is used twice"):
        Suite.load(write(tmp_path / "en.json", lines(RGB[0], RGB[0])))
    with pytest.raises(SuiteError, match=r"en\.json, line 1 \(id 0\): question is None"):
        Suite.load(write(tmp_path / "en.json", lines(RGB[0] | {"query": None})))


# --- forms


@pytest.mark.parametrize(("name", "text"), [("notes.txt", "hello"), ("list.json", "[1]"), ("other.json", '{"a": 1}')])
def test_a_file_in_no_known_form_is_refused_with_those_that_are_known(tmp_path: Path, name: str, text: str) -> None:
    file = write(tmp_path / name, text)
    with pytest.raises(SuiteError) as caught:
        Suite.load(file)
    assert str(caught.value) == (
        f"{file} is not in a known form. Known: a suite folder (suite.toml); a data folder (documents.jsonl, "
        "questions.jsonl); a BEIR folder (corpus.jsonl, queries.jsonl, qrels/); a MultiHop-RAG folder (corpus.json, "
        "MultiHopRAG.json); an RGB file (.json, a question per line); a SQuAD file (.json)."
    )


def test_a_data_folder_may_lie_uncompressed(tmp_path: Path) -> None:
    quote = {"doc_id": "d", "start": 4, "end": 8, "text": "Oder"}
    asked = {"id": "q", "question": "Which?", "answers": ["Oder"], "answerable": True, "evidence": [quote]}
    write(tmp_path / "set" / "documents.jsonl", lines({"id": "d", "title": "River", "text": "The Oder fell."}))
    write(tmp_path / "set" / "questions.jsonl", lines(asked))
    suite = Suite.load(tmp_path / "set")
    assert (suite.name, texts(suite)) == ("set", {"d": "The Oder fell."})
    assert (suite.questions[0].evidence, suite.questions[0].document) == ((gold("d", 4, 8),), "d")
