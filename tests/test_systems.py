"""Systems are asked alike, whoever made them: what each answers, where it says that it stands, and how it fails."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import StandInEncoder
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.adapters import Server, located, nowhere, reply_of
from eval.baselines import cut
from eval.measures import citation_precision, quote_fidelity
from eval.run import evaluate
from eval.suite import Gold, Question, Suite
from eval.systems import FORMS, SYSTEMS, Found, Reply, Said, System, build
from rag.config import Config, EncoderSettings
from rag.errors import ConfigError, RagError, SuiteError
from rag.types import Document

MEETING = "The ministers met in Riyadh on Tuesday. They signed nothing, officials said."
HARVEST = "Farmers near Lyon lost half of their apricots to frost in April. Prices doubled within a week."
FLOOD = "The river Oder fell below four metres on Sunday. The mayor of Wroclaw thanked the volunteers."
TEXTS = {"floods.txt": FLOOD, "harvest.txt": HARVEST, "meeting.txt": MEETING}
TITLES = {"floods.txt": "Floods recede", "harvest.txt": "A poor harvest", "meeting.txt": "Talks in Saudi Arabia"}
DOCUMENTS = [Document(text=text, path=name, title=TITLES[name], sha256="") for name, text in TEXTS.items()]
ASKED = [
    ("Where did the ministers meet on Tuesday?", "meeting.txt"),
    ("What did farmers near Lyon lose to frost?", "harvest.txt"),
    ("How far did the river Oder fall?", "floods.txt"),
    ("Talks in Saudi Arabia", "meeting.txt"),  # its title alone says so
]
PASSAGES = [name for name in SYSTEMS if name != "footnote"]


def made(name: str, encoder: StandInEncoder, documents: list[Document] = DOCUMENTS) -> System:
    (system,) = build([name], config=Config(), encoder=encoder)
    assert system.index(documents) == []
    return system


def test_a_reply_cites_what_its_statements_cite_each_place_once() -> None:
    first, second = Found(doc_id="a", start=0, end=4, quote="Says"), Found(doc_id="b", start=2, end=3)
    again = Found(doc_id="a", start=0, end=4, quote="otherwise")
    said = (Said(text="x"), Said(text="y", citations=(first, second)), Said(text="z", citations=(again,)))
    assert Reply(statements=said).citations == (first, second)
    assert [found.quote for found in Reply(statements=said).citations] == ["Says", ""]
    assert Reply(refused=True).citations == ()


@pytest.mark.parametrize("name", PASSAGES)
def test_the_best_passage_is_the_answer_and_cites_the_place_where_it_stands(name: str, encoder: StandInEncoder) -> None:
    system = made(name, encoder)
    for question, document in ASKED:
        reply = system.ask(question)
        best = reply.citations[0]
        assert best == Found(doc_id=document, start=0, end=len(TEXTS[document]))
        assert (reply.short, best.quote, reply.statements[0].text) == (TEXTS[document],) * 3
        assert [said.citations for said in reply.statements] == [(found,) for found in reply.citations]
        assert len(reply.citations) == (2 if name == "llama-index-starter" else 1)
        assert not reply.refused
        assert reply.confidence is None if name == "bm25" else 0 < (reply.confidence or 0) <= 1.000001
        assert system.rank(question, 2)[0] == best
        assert len(system.rank(question, 5)) == (1 if name == "txtai" else 3)  # none without a shared word
    taken = system.index_bytes()
    assert taken is not None
    assert taken > sum(map(len, TEXTS.values()))
    assert system.settings
    system.close()


@pytest.mark.parametrize("name", ["footnote", *PASSAGES])
def test_a_system_that_indexes_again_or_was_closed_forgets_what_it_had(name: str, encoder: StandInEncoder) -> None:
    system = made(name, encoder)
    question = "Did the ministers talk about apricots, or about the Oder?"
    assert {found.doc_id for found in system.rank(question, 9)} == set(TEXTS)
    system.index(DOCUMENTS[:1])
    assert [found.doc_id for found in system.rank(question, 9)] == ["floods.txt"]
    system.close()
    system.index(DOCUMENTS[2:])
    assert [found.doc_id for found in system.rank(question, 9)] == ["meeting.txt"]
    system.close()
    system.close()


def test_footnote_says_which_statement_cites_which_quote(encoder: StandInEncoder) -> None:
    system = made("footnote", encoder)
    replies = [system.ask(question) for question, _ in ASKED]
    taken = system.index_bytes()
    system.close()
    assert taken is not None
    assert taken > 1000
    assert system.index_bytes() is None
    assert any(not reply.refused for reply in replies)
    for reply in replies:
        assert bool(reply.statements) != reply.refused
        for said in reply.statements:
            assert said.citations
            for found in said.citations:
                assert found.quote == TEXTS[found.doc_id][found.start : found.end] != ""
                assert said.text in found.quote


LONG = " ".join(
    f"Day {i}: the water stood at {i * 7 % 90} centimetres, said the warden of lock {i % 9}." for i in range(150)
)
MANY = [Document(text=LONG, path="long.txt", title="Levels", sha256=""), *DOCUMENTS]


def test_dense_agrees_with_cosines_taken_one_by_one(encoder: StandInEncoder) -> None:
    system = made(
        "dense", encoder, [*MANY, Document(text=FLOOD, path="same.txt", title=TITLES["floods.txt"], sha256="")]
    )
    question = "How far did the river Oder fall on Sunday?"
    passages, texts = cut(MANY, config=Config(), encoder=encoder)
    assert len(passages) > 5
    asked = encoder.encode([question])[0].astype(np.float64)
    cosines = {
        str(place): float(np.dot(encoder.encode([text])[0].astype(np.float64), asked))
        for place, text in zip(passages, texts, strict=True)
    }
    reply = system.ask(question)
    assert reply.citations[0].doc_id == "floods.txt"  # the same text elsewhere comes after
    assert reply.confidence == pytest.approx(max(cosines.values()), abs=1e-6)
    ranked = [found for found in system.rank(question, 99) if found.doc_id != "same.txt"]
    assert sorted(map(str, ranked)) == sorted(cosines)
    values = [cosines[str(found)] for found in ranked]
    assert values == pytest.approx(sorted(values, reverse=True), abs=1e-6)


def test_txtai_searches_the_same_passages_as_dense(encoder: StandInEncoder) -> None:
    dense, txtai = made("dense", encoder, MANY), made("txtai", encoder, MANY)
    for question, _ in ASKED:
        assert txtai.ask(question).citations == dense.ask(question).citations
        assert txtai.ask(question).confidence == pytest.approx(dense.ask(question).confidence, abs=1e-5)
    assert txtai.ask("select * from txtai; 'ministers' Riyadh").citations[0].doc_id == "meeting.txt"  # no SQL
    assert txtai.ask("Xylophones?") == Reply(refused=True)
    txtai.close()


def test_haystack_cites_its_own_passages_of_200_words_where_text_repeats_too(encoder: StandInEncoder) -> None:
    words = [f"word{i % 50}" for i in range(450)]  # the first 200 words stand twice
    repeated = Document(text=" ".join(words), path="repeated.txt", title="", sha256="")
    blank = Document(text=" \n", path="blank.txt", title="Nothing", sha256="")
    (system,) = build(["haystack"], config=Config(), encoder=encoder)
    assert system.index([repeated, blank, *DOCUMENTS]) == ["blank.txt"]
    ends = [len(" ".join(words[:n])) + 1 for n in (200, 400)]
    places = sorted((f.start, f.end) for f in system.rank("word7 word8", 9) if f.doc_id == "repeated.txt")
    assert places == [(0, ends[0]), (ends[0], ends[1]), (ends[1], len(repeated.text))]
    for found in system.rank("word7 word8", 9):
        assert found.quote == {**TEXTS, "repeated.txt": repeated.text}[found.doc_id][found.start : found.end]
    system.close()


OFFLINE = """
import socket, sys
def refuse(*given, **more):
    raise AssertionError(f"a connection was tried: {given}")
socket.getaddrinfo = socket.create_connection = refuse
socket.socket.connect = socket.socket.connect_ex = refuse
from conftest import StandInEncoder
from test_systems import ASKED, made
assert not [name for name in sys.modules if name.partition('.')[0] in ('haystack', 'posthog', 'txtai')]
for name in ("txtai", "haystack"):
    system = made(name, StandInEncoder())
    print(name, *(system.ask(question).citations[0].doc_id for question, _ in ASKED))
    system.close()
from haystack.telemetry import _telemetry
print(_telemetry.telemetry)
"""


def test_peers_connect_to_nothing_and_leave_nothing_behind(tmp_path: Path) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HAYSTACK", "HF_", "TRANSFORMERS"))}
    environment = kept | {
        "HOME": str(tmp_path), "TMPDIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(str(Path(__file__).parent / way) for way in ("..", ".")),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", OFFLINE], env=environment, capture_output=True, text=True, timeout=300)
    cited = " ".join(document for _, document in ASKED)
    assert done.stdout.splitlines() == [f"txtai {cited}", f"haystack {cited}", "None"], done.stderr
    left = [str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()]
    assert left == []


def test_all_systems_run_side_by_side(encoder: StandInEncoder) -> None:
    questions = tuple(
        Question(id=str(number), question=question, answers=(TEXTS[name],), answerable=True, category="c",
                 evidence=(Gold(doc_id=name, start=0, end=len(TEXTS[name])),))
        for number, (question, name) in enumerate(ASKED)
    )  # fmt: skip
    suite = Suite(name="s", description="", documents=tuple(DOCUMENTS), questions=questions, digest="d", total=4)
    run = evaluate(suite, build(SYSTEMS, config=Config(), encoder=encoder))
    assert run.systems == SYSTEMS
    for name in PASSAGES:
        assert run.summary[name]["failed"]["value"] == 0
        assert run.summary[name]["f1"]["value"] == run.summary[name]["recall_at_1"]["value"] == 1.0
        assert run.timings[name]["index_bytes_per_source_byte"] > 1


# --- names


def test_a_configuration_file_makes_another_footnote(tmp_path: Path, encoder: StandInEncoder) -> None:
    file = tmp_path / "strict.toml"
    file.write_text("[reader]\nthreshold = 1.0\n", encoding="utf-8")
    plain, strict = build(["footnote", f"footnote:{file}"], config=Config(), encoder=encoder)
    assert (plain.name, strict.name) == ("footnote", "footnote:strict")
    assert plain.settings["config"] != strict.settings["config"]
    assert plain.settings["encoder"] == strict.settings["encoder"]
    for system in (plain, strict):
        system.index(DOCUMENTS)
    assert not plain.ask(ASKED[0][0]).refused
    assert strict.ask(ASKED[0][0]).refused
    plain.close()
    strict.close()


def test_a_configuration_with_another_encoder_brings_it(
    tmp_path: Path, encoder: StandInEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(given: EncoderSettings) -> StandInEncoder:
        return StandInEncoder(model_name=f"own {given.batch_size}")

    monkeypatch.setattr("rag.encoder.Encoder.from_settings", loaded)
    (tmp_path / "own.toml").write_text("[encoder]\nbatch_size = 7\n", encoding="utf-8")
    plain, own = build(["footnote", f"footnote:{tmp_path / 'own.toml'}"], config=Config(), encoder=encoder)
    assert plain.settings["encoder"].startswith("stand-in@")
    assert own.settings["encoder"].startswith("own 7@")


def test_two_configurations_of_one_name_cannot_be_told_apart(tmp_path: Path, encoder: StandInEncoder) -> None:
    names = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rag.toml").write_text("", encoding="utf-8")
        names.append(f"footnote:{tmp_path / folder / 'rag.toml'}")
    with pytest.raises(SuiteError, match=r"'footnote:rag' is named twice\. Files of configuration need"):
        build(names, config=Config(), encoder=encoder)
    with pytest.raises(ConfigError, match=r"no configuration file at .*none\.toml"):
        build([f"footnote:{tmp_path / 'none.toml'}"], config=Config(), encoder=encoder)


@pytest.mark.parametrize("name", ["nonesuch", "footnote:", "engine:", "ftp://x", "bm25:x", ""])
def test_an_unknown_name_is_answered_with_all_that_are_known(name: str) -> None:
    with pytest.raises(SuiteError) as caught:
        build([name], config=Config())
    assert str(caught.value) == f"system {name!r} is not known. Choose from: {', '.join((*SYSTEMS, *FORMS))}."


@pytest.mark.parametrize(("name", "package", "extra"), [
    ("txtai", "txtai", "peers"), ("haystack", "haystack-ai", "peers"), ("bm25", "bm25s", "dev"),
])  # fmt: skip
def test_a_system_that_is_not_installed_says_how_to_install_it(
    name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
    with pytest.raises(SuiteError) as caught:
        build([name], config=Config())
    remedy = f"Run in the folder of Footnote: .venv/bin/pip install -e '.[{extra}]'"
    assert str(caught.value) == f"system {name!r} needs the package {package}. {remedy}"


def test_no_encoder_is_loaded_for_systems_that_bring_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.encoder.Encoder.from_settings", lambda settings: pytest.fail("loaded"))
    assert [system.name for system in build(["http://127.0.0.1:1/ask"], config=Config())] == ["http:127.0.0.1:1/ask"]


# --- a query engine by its import path

ENGINES = """
from conftest import StandInEncoder
from llama_index.core import Response, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.schema import NodeRelationship, NodeWithScore, RelatedNodeInfo, TextNode

GIVEN = []
NUMBER = 3

def node(doc_id, text, start=None, end=None):
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=doc_id)} if doc_id else {}
    return NodeWithScore(node=TextNode(text=text, start_char_idx=start, end_char_idx=end, relationships=source))

SAID = {
    "true": ("In Riyadh.", [("meeting.txt", "Riyadh", 21, 27)]),
    "moved": ("In Riyadh.", [("meeting.txt", "Riyadh", 3, 9), (None, "apricots")]),
    "lost": ("Lost.", [("meeting.txt", "nowhere"), ("meeting.txt", "in"), ("gone.txt", "e"), (None, "")]),
    "uncited": (" Says who? ", []),
    "empty": ("Empty Response", [("meeting.txt", "Riyadh", 21, 27)]),
    "blank": (None, []),
}

class Canned(CustomQueryEngine):
    def custom_query(self, query_str):
        text, sources = SAID[query_str]
        return Response(response=text, source_nodes=[node(*source) for source in sources])

def canned(documents):
    GIVEN[:] = documents
    return Canned()

class Shelf:
    canned = staticmethod(canned)

def starter(documents):
    index = VectorStoreIndex.from_documents(documents, embed_model=StandInEncoder())
    return index.as_query_engine(llm=MockLLM(max_tokens=4), similarity_top_k=2)

def streaming(documents):
    index = VectorStoreIndex.from_documents(documents, embed_model=StandInEncoder())
    return index.as_query_engine(llm=MockLLM(max_tokens=4), similarity_top_k=1, streaming=True)

def wrong(documents):
    return documents

def failing(documents):
    raise ValueError(f"no key for {len(documents)} documents\\nsecond line")
"""


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], System]]:
    """Systems over the factories of a module that lies in the current directory."""
    (tmp_path / "engines_of_mine.py").write_text(ENGINES, encoding="utf-8")
    (tmp_path / "broken_engines.py").write_text("raise RuntimeError('no key')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [way for way in sys.path if way not in ("", str(tmp_path))])

    def by_path(path: str) -> System:
        (system,) = build([f"engine:{path}"], config=Config())
        system.index(DOCUMENTS)
        return system

    yield by_path
    sys.modules.pop("engines_of_mine", None)


@pytest.mark.parametrize("factory", ["canned", "Shelf.canned"])
def test_an_engine_is_given_the_documents_and_cites_its_sources(engines: Callable[[str], System], factory: str) -> None:
    system = engines(f"engines_of_mine:{factory}")
    assert system.name == f"engine:engines_of_mine:{factory}"
    given = sys.modules["engines_of_mine"].GIVEN
    assert [(one.id_, one.text, one.metadata) for one in given] == [
        (name, text, {"title": TITLES[name]}) for name, text in TEXTS.items()
    ]
    riyadh = Found(doc_id="meeting.txt", start=21, end=27)
    apricots = HARVEST.index("apricots")
    reply = system.ask("true")
    assert (reply.short, reply.refused, reply.confidence) == ("In Riyadh.", False, None)
    assert reply.statements == (Said(text="In Riyadh.", citations=(riyadh,)),)
    assert reply.citations[0].quote == "Riyadh"
    # Offsets that do not hold the text, or no document: it is where it stands once.
    assert system.ask("moved").citations == (riyadh, Found(doc_id="harvest.txt", start=apricots, end=apricots + 8))
    assert system.ask("uncited") == Reply(short="Says who?", statements=(Said(text="Says who?"),))
    assert system.ask("empty") == system.ask("blank") == Reply(refused=True)
    assert system.rank("true", 5) is None
    assert system.index_bytes() is None
    system.close()


def test_a_source_that_stands_nowhere_counts_against_the_engine(engines: Callable[[str], System]) -> None:
    citations = engines("engines_of_mine:canned").ask("lost").citations
    assert [(found.doc_id, found.quote) for found in citations] == [
        ("meeting.txt", "nowhere"), ("meeting.txt", "in"), ("gone.txt", "e"), ("?", ""),
    ]  # fmt: skip
    assert all(found.start == found.end >= len(TEXTS.get(found.doc_id, "")) for found in citations)
    gold = [Gold(doc_id=name, start=0, end=len(text)) for name, text in TEXTS.items()]
    assert citation_precision(citations, gold) == 0.0
    assert quote_fidelity(citations, TEXTS) == 0.0
    assert citation_precision([Found(doc_id="meeting.txt", start=0, end=5), *citations], gold) == 1 / 5


def test_an_engine_of_llama_index_answers_with_its_retriever_s_places(engines: Callable[[str], System]) -> None:
    system = engines("engines_of_mine:starter")
    reply = system.ask(ASKED[0][0])
    assert reply.short
    assert reply.citations[0] == Found(doc_id="meeting.txt", start=0, end=len(MEETING))
    assert (len(reply.statements), len(reply.citations)) == (1, 2)
    assert system.rank(ASKED[0][0], 9) == list(reply.citations)
    assert system.rank(ASKED[0][0], 1) == list(reply.citations[:1])
    streamed = engines("engines_of_mine:streaming").ask(ASKED[0][0])
    assert streamed.short
    assert streamed.citations == reply.citations[:1]


@pytest.mark.parametrize(("path", "message"), [
    ("engines_of_mine", "names no factory. Write engine:package.module:factory."),
    (":starter", "names no factory"),
    ("no_such_module:starter", "no_such_module cannot be imported (ModuleNotFoundError: No module named"),
    ("broken_engines:starter", "broken_engines cannot be imported (RuntimeError: no key)."),
    ("engines_of_mine:nonesuch", "engines_of_mine has no nonesuch. Name a function of the documents."),
    ("engines_of_mine:NUMBER", "engines_of_mine holds no callable NUMBER."),
    ("engines_of_mine:failing", "the factory failed (ValueError: no key for 3 documents)."),
    ("engines_of_mine:wrong", "the factory made a list, which has no query(). Return a llama-index BaseQueryEngine."),
])  # fmt: skip
def test_an_engine_that_cannot_be_made_says_why(engines: Callable[[str], System], path: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        engines(path)
    assert str(caught.value).startswith(f"system 'engine:{path}'")
    assert message in str(caught.value)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    texts=st.dictionaries(st.sampled_from("xyz"), st.text("ab", max_size=9), min_size=1),
    doc_id=st.sampled_from(["x", "y", "?", None]),
    quote=st.text("ab", max_size=4),
    start=st.none() | st.integers(-2, 9),
)
def test_a_place_is_where_its_quote_stands_and_never_a_guess(
    texts: dict[str, str], doc_id: str | None, quote: str, start: int | None
) -> None:
    names = [doc_id] if doc_id in texts else list(texts)
    standing = {
        (name, at) for name in names for at in range(len(texts[name or ""])) if texts[name or ""].startswith(quote, at)
    } if quote else set()  # fmt: skip
    found = located(texts, doc_id, quote, start=start)
    if (doc_id, start) in standing:
        assert found is not None
        assert (found.doc_id, found.start) == (doc_id, start)
    elif len(standing) == 1:
        assert found is not None
        assert {(found.doc_id, found.start)} == standing
    else:
        assert found is None
    if found:
        assert texts[found.doc_id][found.start : found.end] == found.quote == quote
    lost = nowhere(texts, doc_id, quote, number=2)
    assert texts.get(lost.doc_id, "")[lost.start : lost.end] == ""


# --- a system behind HTTP


class Answering(ThreadingHTTPServer):
    """Answers each POST by the scripted function of its path; `seen` holds paths and what was posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, Any]] = []
        self.answers: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_POST(self) -> None:
        value = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append((self.path, value))
        answer = self.server.answers.get(self.path, (404, {}))
        status, body = answer(self) if callable(answer) else answer
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        if status == 302:
            self.send_header("location", "/elsewhere")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Answering]:
    answering = Answering()
    answering.daemon_threads = True
    thread = threading.Thread(target=answering.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answering
    answering.shutdown()
    thread.join()
    answering.server_close()


GOOD = {
    "short": "Riyadh",
    "confidence": 0.75,
    "statements": [
        {"text": "The ministers met in Riyadh.",
         "citations": [{"doc_id": "meeting.txt", "start": 21, "end": 27, "quote": "Riyadh"}]},
        {"text": "Nothing was signed.", "citations": [{"doc_id": "meeting.txt", "start": 40, "end": 59}]},
        {"text": "So they say."},
    ],
}  # fmt: skip


def test_a_server_is_asked_over_http(server: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.answers["/ask"] = (200, GOOD)
    (system,) = build([f"http:{server.url}/ask/"], config=Config())
    assert system.name == f"http:{server.url.removeprefix('http://')}/ask"
    assert system.index(DOCUMENTS) == []  # 404: it has them
    reply = system.ask("Wo trafen sich die Minister für Äußeres? \ud800")
    assert (reply.short, reply.confidence, reply.refused) == ("Riyadh", 0.75, False)
    riyadh = Found(doc_id="meeting.txt", start=21, end=27)
    nothing = Found(doc_id="meeting.txt", start=40, end=59)
    assert reply.statements == (
        Said(text="The ministers met in Riyadh.", citations=(riyadh,)),
        Said(text="Nothing was signed.", citations=(nothing,)),
        Said(text="So they say."),
    )
    assert [found.quote for found in reply.citations] == ["Riyadh", ""]
    assert (system.rank("?", 5), system.index_bytes()) == (None, None)
    assert server.seen[1] == ("/ask", {"question": "Wo trafen sich die Minister für Äußeres? \ud800"})
    system.close()
    assert system.ask("Again, after closing?") == reply
    system.close()


def test_a_server_takes_in_the_documents_and_may_reject_some(server: Answering) -> None:
    server.answers["/ask/documents"] = (200, {"rejected": ["harvest.txt"]})
    (system,) = build([f"http:{server.url}/ask"], config=Config())
    assert system.index(DOCUMENTS) == ["harvest.txt"]
    path, value = server.seen[0]
    assert (path, [one["doc_id"] for one in value["documents"]]) == ("/ask/documents", list(TEXTS))
    assert value["documents"][2] == {"doc_id": "meeting.txt", "title": TITLES["meeting.txt"], "text": MEETING}
    for answer in ((204, b""), (200, b""), (405, b"no")):
        server.answers["/ask/documents"] = answer
        assert system.index(DOCUMENTS) == []
    server.answers["/ask/documents"] = (500, {})
    with pytest.raises(SuiteError, match=r"the server answered with status 500\. See its log"):
        system.index(DOCUMENTS)
    system.close()


def test_a_failing_server_is_a_failure_of_the_question_not_of_the_run(server: Answering) -> None:
    server.answers["/ask"] = (500, b"boom")
    question = Question(id="q", question="Where?", answers=("Riyadh",), answerable=True, category="c",
                        evidence=(Gold(doc_id="meeting.txt", start=21, end=27),))  # fmt: skip
    suite = Suite(name="s", description="", documents=tuple(DOCUMENTS), questions=(question,), digest="d", total=1)
    (system,) = build([f"http:{server.url}/ask"], config=Config())
    run = evaluate(suite, [system])
    assert run.rows[system.name][0]["error"] == "SuiteError: the server answered with status 500. See its log."
    assert run.summary[system.name]["failed"]["value"] == 1


def _late(handler: _Handler) -> tuple[int, Any]:
    time.sleep(1.0)
    return 200, GOOD


def _dripping(handler: _Handler) -> tuple[int, Any]:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(40):
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        pass
    handler.close_connection = True
    return 200, b""


@pytest.mark.parametrize("slow", [_late, _dripping])
def test_a_slow_server_is_given_up(server: Answering, slow: Callable[[_Handler], Any]) -> None:
    server.answers["/ask"] = slow
    system = Server(f"{server.url}/ask", timeout=0.2)
    begin = time.monotonic()
    with pytest.raises(SuiteError, match=r"the server gave no answer within 0\.2 s\. Is it busy\?"):
        system.ask("Where?")
    assert time.monotonic() - begin < 0.9
    system.close()


def test_redirects_endless_answers_and_closed_ports_are_named(
    server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers |= {"/ask": (302, b""), "/elsewhere": (200, GOOD), "/long": (200, b" " * 5000)}
    system = Server(f"{server.url}/ask")
    with pytest.raises(SuiteError, match="status 302; redirects are not followed"):
        system.ask("Where?")
    assert [path for path, _ in server.seen] == ["/ask"]
    system.close()
    monkeypatch.setattr("eval.adapters.MOST_BYTES", 4999)
    system = Server(f"{server.url}/long")
    with pytest.raises(SuiteError, match="the server answered with more than"):
        system.ask("Where?")
    system.close()
    system = Server("http://127.0.0.1:1/ask")
    with pytest.raises(SuiteError, match=r"the server cannot be reached \(ConnectError\)\. Start it, or correct"):
        system.ask("Where?")
    system.close()


def statement(**citation: Any) -> dict[str, Any]:
    return {"statements": [{"text": "x", "citations": [{"doc_id": "a", "start": 0, "end": 1} | citation]}]}


@pytest.mark.parametrize(("answer", "message"), [
    (b"<html>", "the server's answer is not JSON. It should be one JSON object."),
    (b"\xff", "is not JSON"),
    (b"[" * 100_000, "is not JSON"),
    (b"[]", "the answer is []. Expected an object."),
    (b"{}", "statements is null. Expected a list."),
    ({"statements": {}}, "statements is {}. Expected a list."),
    ({"statements": ["x"]}, 'a statement is "x". Expected an object.'),
    ({"statements": [{"citations": []}]}, "text is null. Expected a text."),
    ({"statements": [{"text": "x", "citations": {}}]}, "citations is {}. Expected a list."),
    ({"statements": [{"text": "x", "citations": [7]}]}, "a citation is 7. Expected an object."),
    (statement(doc_id=3), "doc_id is 3. Expected a text."),
    (statement(start=-1), "start and end is [-1, 1]. Expected whole numbers, 0 <= start < end."),
    (statement(end=0), "start and end is [0, 0]"),
    (statement(start=True, end=2), "start and end is [true, 2]"),
    (statement(end=1.5), "start and end is [0, 1.5]"),
    (statement(quote=["x"]), 'quote is ["x"]. Expected a text.'),
    ({"statements": [], "short": ["x"]}, 'short is ["x"]. Expected a text.'),
    ({"statements": [], "refused": "no"}, 'refused is "no". Expected true or false.'),
    ({"statements": [], "confidence": 1.5}, "confidence is 1.5. Expected a number from 0 to 1."),
    ({"statements": [], "confidence": True}, "confidence is true."),
    (b'{"statements": [], "confidence": NaN}', "confidence is NaN."),
])  # fmt: skip
def test_a_malformed_answer_is_refused_with_what_was_expected(server: Answering, answer: Any, message: str) -> None:
    server.answers["/ask"] = (200, answer)
    system = Server(f"{server.url}/ask")
    with pytest.raises(SuiteError) as caught:
        system.ask("Where?")
    assert str(caught.value).startswith("the server's answer is ")
    assert message in str(caught.value)
    system.close()


def test_an_answer_that_says_nothing_is_a_refusal() -> None:
    assert reply_of({"statements": []}) == Reply(refused=True)
    assert reply_of({"refused": True, "confidence": 0}) == Reply(refused=True, confidence=0)
    assert reply_of(GOOD | {"refused": True}) == Reply(refused=True, confidence=0.75)
    assert reply_of({"statements": [], "short": "Riyadh"}) == Reply(short="Riyadh")
    assert reply_of({"statements": [{"text": "One."}, {"text": "Two."}]}).short == "One. Two."


@pytest.mark.parametrize("url", ["x", "http:/ask", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "http://a/?key=1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(RagError) as caught:
        Server(url)
    assert str(caught.value) == (
        f"system 'http:{url}' names no server. Write its address, such as http:http://127.0.0.1:8000/ask."
    )


def test_a_server_s_name_tells_no_secret() -> None:
    assert Server("https://user:secret@example.org/ask").name == "http:example.org/ask"
