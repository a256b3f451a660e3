"""The command line: what it prints, what it returns, and what it says about a user's mistake."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import StandInEncoder
from stress import Children, serve

from rag import terminal
from rag.catalog import Catalog
from rag.cli import main
from rag.config import Config
from rag.documents import SUFFIXES
from rag.encoder import DEFAULT, Encoder
from rag.types import Answer, Citation, Document, Hit, IndexedDocument, Progress, Statement, UpdateReport

COMMANDS = ("calibrate", "index", "ask", "search", "documents", "rebuild", "remove", "chat", "eval", "verify")
HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "gradio",
    "llama_index",
    "numpy",
    "faiss",
    "pydantic",
    "tqdm",
)
STRIKE = "The dockers of Carrow Bay walked out on Monday. Their union asks for eight percent."
RECOUNT = "Hanna Corrigan won the recount. Her lead was 188 votes."

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: exit code, stdout, stderr."""

    def running(*words: str | Path) -> tuple[int, str, str]:
        try:
            code = main([str(word) for word in words])
        except SystemExit as leaving:  # argparse
            code = int(leaving.code or 0)
        return code, *capsys.readouterr()

    return running


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two reports below the current directory, and an encoder that needs no model."""
    monkeypatch.chdir(tmp_path)
    encoder = StandInEncoder(model_name=DEFAULT)
    monkeypatch.setattr(Encoder, "from_settings", classmethod(lambda cls, settings: encoder))
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "strike.txt").write_text(STRIKE, encoding="utf-8")
    (folder / "recount.txt").write_text(RECOUNT, encoding="utf-8")
    return folder


class Scripted:
    """In place of the assistant: answers as told and keeps what it was asked."""

    def __init__(self, answer: Answer | None = None, *, report: UpdateReport | None = None, paths: Sequence[str] = ()):
        self.answer, self.report, self.config = answer, report, Config()
        self.asked: list[tuple[str, Any]] = []
        self.opened: dict[str, Any] = {}
        self.closed = False
        self.index = SimpleNamespace(
            folder=Path.cwd() / "indexes/default", documents=lambda: [listed(path=path) for path in paths]
        )

    def open(self, index: str, **given: Any) -> Scripted:
        self.opened = {"index": index, **given}
        return self

    def ask(self, question: str, *, within: Any = None) -> Answer | None:
        self.asked.append((question, within))
        return self.answer

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, reports: Path) -> Callable[..., Scripted]:
    monkeypatch.setattr("rag.database.existing", lambda folder: folder)

    def setting(*given: Any, **more: Any) -> Scripted:
        assistant = Scripted(*given, **more)
        monkeypatch.setattr("rag.assistant.Assistant", assistant)
        return assistant

    return setting


def listed(*, path: str, title: str = "Title", passages: int = 3) -> IndexedDocument:
    return IndexedDocument(
        path=path, title=title, date="2025-04-15", author=None, sha256="0", passages=passages, characters=9
    )


def answered(path: Path) -> Answer:
    document = Document(text=RECOUNT, path=str(path), title="Recount", sha256="0", date="2025-04-15")
    citation = Citation(number=1, document=document, span=document.span(0, 31))
    return Answer(
        question="Who won the recount?",
        statements=(Statement(text="Hanna Corrigan won the recount.", citations=(citation,)),),
        short="Hanna Corrigan",
        confidence=0.875,
    )


# --- help


@pytest.mark.parametrize("words", [("--help",), *((name, "--help") for name in COMMANDS)])
def test_help_answers_without_any_heavy_import(words: tuple[str, ...]) -> None:
    code = f"""
import sys
from rag.cli import main
try:
    main({list(words)!r})
except SystemExit as leaving:
    print(leaving.code, sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert done.stdout.startswith("usage: rag")
    assert done.stderr == ""


@pytest.mark.parametrize("words", [("ask", "Who?"), ("search", "who"), ("documents",), ("verify",), ("remove", "a")])
def test_where_there_is_no_index_it_is_said_without_any_heavy_import(tmp_path: Path, words: tuple[str, ...]) -> None:
    code = f"""
import sys
from rag.cli import main
print(main({list(words)!r}), sorted(set({HEAVY!r}) & set(sys.modules)))  # settings are checked first
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True, cwd=tmp_path
    )
    assert done.stdout == "1 ['pydantic']\n"
    assert done.stderr.endswith(
        f": there is no index here. Build one: rag index FOLDER --index {tmp_path}/indexes/default\n"
    )


def test_the_help_lists_every_command_and_every_exit_code(run: Run) -> None:
    _, out, _ = run("--help")
    assert all(f"\n    {name} " in out for name in COMMANDS)
    assert all(f"\n  {code} " in out for code in (0, 1, 2, 3, 4, 130, 143))


def test_the_help_names_the_default_index(run: Run) -> None:
    for name in set(COMMANDS) - {"calibrate", "eval"}:
        assert "indexes/default in the current directory" in " ".join(run(name, "--help")[1].split())


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert err.startswith("usage: rag")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sing",), "invalid choice: 'sing'"),
        (("index",), "required: FOLDER"),
        (("search", "x", "-k", "0"), "'0' is not a number of at least 1"),
        (("chat", "--port", "70000"), "'70000' is not a number from 0 to 65535"),
        (("eval", "sample", "--limit", "some"), "'some' is not a number of at least 1"),
        (("documents", "--js"), "unrecognized arguments: --js"),
    ],
)
def test_what_is_not_understood_exits_with_2(run: Run, words: tuple[str, ...], says: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert says in err


# --- index


def test_index_tells_what_became_of_each_file(run: Run, reports: Path) -> None:
    code, out, err = run("index", "reports")
    assert (code, out) == (0, "2 added, 0 updated, 0 unchanged, 0 rejected (indexes/default)\n")
    assert "2 of 2 files" in err
    (reports / "recount.txt").write_text(RECOUNT + " It was over.", encoding="utf-8")
    assert run("index", "reports")[1] == "0 added, 1 updated, 1 unchanged, 0 rejected (indexes/default)\n"


def test_a_rejected_file_is_named_with_its_reason_and_the_rest_is_indexed(run: Run, reports: Path) -> None:
    (reports / "empty.txt").touch()
    code, out, _ = run("index", "reports")
    assert code == 4
    assert out.splitlines() == [
        "2 added, 0 updated, 0 unchanged, 1 rejected (indexes/default)",
        "Rejected:",
        "  reports/empty.txt: it is empty",
    ]


def test_index_as_json_is_one_document_on_stdout(run: Run, reports: Path) -> None:
    (reports / "empty.txt").touch()
    code, out, _ = run("index", "reports", "--json")
    found = json.loads(out)
    assert code == 4
    assert found["added"] == [str(reports / "recount.txt"), str(reports / "strike.txt")]
    assert found["rejected"] == [{"path": str(reports / "empty.txt"), "reason": "it is empty"}]
    assert set(found) == {
        "added",
        "updated",
        "unchanged",
        "rejected",
        "gaps",
        "missing",
        "removed",
        "pending",
        "cancelled",
    }


def test_documents_whose_file_is_gone_stay_until_sync(run: Run, reports: Path) -> None:
    run("index", "reports")
    (reports / "strike.txt").unlink()
    code, out, _ = run("index", "reports")
    assert (code, out.splitlines()[1:]) == (
        0, ["Indexed, but their files are gone (--sync removes them):", "  reports/strike.txt"],
    )  # fmt: skip
    assert "Removed, for their files are gone:\n  reports/strike.txt" in run("index", "reports", "--sync")[1]
    assert "strike" not in run("documents")[1]


def test_an_empty_folder_says_which_files_could_be_indexed(run: Run, reports: Path) -> None:
    (reports / "none").mkdir()
    code, out, err = run("index", "reports/none")
    assert (code, err) == (0, "")
    assert out.startswith(f"No files were found. Supported: {min(SUFFIXES)}, ")


def test_an_interrupted_index_keeps_what_is_done_and_the_same_command_goes_on(
    run: Run, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.index import Index

    update = Index.update

    def stopped(self: Index, given: Any, *, progress: Callable[[Progress], None], sync: bool) -> UpdateReport:
        def stopping(now: Progress) -> None:
            progress(now)
            if now.done:
                raise KeyboardInterrupt

        return update(self, given, progress=stopping, sync=sync)

    monkeypatch.setattr(Index, "update", stopped)
    code, out, err = run("index", "reports")
    assert (code, out) == (130, "")
    assert err.endswith(
        "rag: interrupted. What was indexed so far is kept whole; the same command goes on from there.\n"
    )
    monkeypatch.setattr(Index, "update", update)
    assert run("index", "reports")[:2] == (0, "0 added, 0 updated, 2 unchanged, 0 rejected (indexes/default)\n")


# --- what is in the index


def test_documents_are_listed_in_aligned_columns(run: Run, reports: Path) -> None:
    run("index", "reports")
    assert run("documents")[:2] == (0, (
        "title    date  passages  path\n"
        "recount               1  reports/recount.txt\n"
        "strike                1  reports/strike.txt\n"
        "\n"
        "2 documents, 2 passages\n"
    ))  # fmt: skip


def test_documents_as_json_have_every_field(run: Run, reports: Path) -> None:
    run("index", "reports")
    code, out, err = run("documents", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert [(one["path"], one["title"], one["passages"], one["characters"]) for one in found] == [
        (str(reports / "recount.txt"), "recount", 1, len(RECOUNT)),
        (str(reports / "strike.txt"), "strike", 1, len(STRIKE)),
    ]


def test_titles_are_cut_to_the_width_of_the_terminal() -> None:
    found = [listed(path="/a/b.txt", title="A long title " * 9), listed(path="/a/c.txt", title="日本語の見出し" * 9)]
    lines = terminal.documents(found, width=60).splitlines()
    assert lines[1] == "A long title A long title A…  2025-04-15         3  /a/b.txt"
    assert lines[2] == "日本語の見出し日本語の見出…   2025-04-15         3  /a/c.txt"
    assert "A long title " * 8 in terminal.documents(found)


def test_an_index_without_documents_says_how_to_add_some(run: Run, reports: Path) -> None:
    run("index", "reports")
    run("remove", "reports")
    hint = "Nothing is indexed yet in indexes/default. Add documents: rag index FOLDER\n"
    assert run("documents") == (0, hint, "")
    assert run("search", "recount") == (0, hint, "")
    assert run("documents", "--json") == (0, "[]\n", "")


def test_remove_takes_documents_out_and_leaves_the_files(run: Run, reports: Path) -> None:
    run("index", "reports")
    code, out, err = run("remove", "reports/strike.txt", "reports/nothing.txt")
    assert (code, out) == (4, "removed reports/strike.txt\n")
    assert err == "rag: reports/nothing.txt: no indexed document is there. `rag documents` lists them.\n"
    assert (reports / "strike.txt").read_text(encoding="utf-8") == STRIKE
    assert (
        run("remove", "reports", "--json")[1]
        == json.dumps({"removed": [str(reports / "recount.txt")], "unknown": []}, indent=2) + "\n"
    )
    assert run("remove", "reports")[0] == 1


def test_search_lists_the_best_passage_first(run: Run, reports: Path) -> None:
    run("index", "reports")
    code, out, _ = run("search", "Who won the recount?", "-k", "1")
    assert code == 0
    assert out.splitlines()[0] == "1. recount (reports/recount.txt; characters 0–55)"
    assert out.splitlines()[1].endswith(RECOUNT)
    found = json.loads(run("search", "Who won the recount?", "--json", "--within", "reports/strike.txt")[1])
    assert [hit["text"] for hit in found] == [STRIKE]


def test_verify_reports_an_index_in_order_and_one_that_is_not(run: Run, reports: Path) -> None:
    run("index", "reports")
    code, out, _ = run("verify")
    assert code == 0
    assert out.startswith("indexes/default: 2 documents, 2 passages, generation ")
    assert out.endswith(": in order.\n")
    vectors = Path("indexes/default/vectors.faiss")
    vectors.write_bytes(vectors.read_bytes()[:-3])
    code, out, _ = run("verify")
    assert code == 4
    assert "not in order.\nFound:\n  " in out
    found = json.loads(run("verify", "--json")[1])
    assert (found["ok"], found["documents"], len(found["findings"])) == (False, 2, 1)


# --- ask


def test_an_answer_is_shown_with_its_source_as_a_path_from_here(
    run: Run, reports: Path, scripted: Callable[..., Scripted]
) -> None:
    assistant = scripted(answered(reports / "recount.txt"))
    code, out, err = run("ask", "Who won the recount?")
    assert (code, err) == (0, "")
    assert out == (
        "Hanna Corrigan won the recount. [1]\n"
        "\n"
        "[1] Recount (2025-04-15, reports/recount.txt; characters 0–31)\n"
        "    “Hanna Corrigan won the recount.”\n"
    )
    assert assistant.asked == [("Who won the recount?", None)]
    assert assistant.opened["index"] == "indexes/default"
    assert assistant.opened["documents"] is None
    assert assistant.closed


def test_an_answer_as_json_is_the_answer_with_whole_paths(
    run: Run, reports: Path, scripted: Callable[..., Scripted]
) -> None:
    answer = answered(reports / "recount.txt")
    scripted(answer)
    code, out, err = run("ask", "Who won the recount?", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == answer.as_dict()


def test_a_refusal_exits_with_3_and_shows_the_nearest_passages(run: Run, scripted: Callable[..., Scripted]) -> None:
    near = Hit(
        score=0.5, text=RECOUNT, title="Recount", path="/a", span=answered(Path("/a")).citations[0].span, passage_id=1
    )
    scripted(Answer(question="Who lost?", reason="The documents do not say.", nearest=(near,)))
    code, out, _ = run("ask", "Who lost?")
    assert code == 3
    assert out.startswith("The documents do not say.\n\nNearest passages:\n  - Recount: Hanna Corrigan won")
    assert json.loads(run("ask", "Who lost?", "--json")[1])["abstained"] is True


def test_ask_passes_on_the_index_the_documents_and_within(
    run: Run, reports: Path, scripted: Callable[..., Scripted]
) -> None:
    path = str(reports / "recount.txt")
    assistant = scripted(answered(reports / "recount.txt"), paths=[path])
    words = ("ask", "--within", "reports", path, "--index", "other", "--documents", "reports", "--", "-Who?")
    assert run(*words)[0] == 0
    assert assistant.asked == [("-Who?", ["reports", path])]
    assert (assistant.opened["index"], assistant.opened["documents"]) == ("other", ["reports"])


def test_a_question_may_stand_last_behind_the_paths(run: Run, reports: Path, scripted: Callable[..., Scripted]) -> None:
    path = str(reports / "recount.txt")
    assistant = scripted(answered(reports / "recount.txt"), paths=[path])
    assert run("ask", "--within", path, "Who won?")[0] == 0
    assert run("ask", "--documents", "reports", "Who lost?")[0] == 0
    assert assistant.asked == [("Who won?", [path]), ("Who lost?", None)]
    for words in (("ask", "--within", path), ("ask", "--within", path, "reports"), ("search", "-k", "3")):
        code, _, err = run(*words)
        assert (code, "the following arguments are required" in err) == (2, True)


def test_within_a_place_that_holds_nothing_is_a_mistake_and_not_a_refusal(
    run: Run, reports: Path, scripted: Callable[..., Scripted]
) -> None:
    assistant = scripted(answered(reports / "recount.txt"), paths=[str(reports / "recount.txt")])
    code, out, err = run("ask", "Who?", "--within", "report")
    assert (code, out, assistant.asked) == (1, "", [])
    assert err == "rag: report: no indexed document is there. `rag documents` lists what --within can name.\n"


def test_the_assistant_itself_indexes_the_folder_and_quotes_it(run: Run, reports: Path) -> None:
    Path("rag.toml").write_text("[reader]\nthreshold = 0.0\n", encoding="utf-8")
    code, out, _ = run("ask", "Who won the recount?", "--documents", "reports", "--json")
    cited = json.loads(out)["citations"][0]
    assert code == 0
    assert (cited["quote"], cited["path"]) == ("Hanna Corrigan won the recount.", str(reports / "recount.txt"))
    code, out, _ = run("ask", "Who won the recount?", "--within", "reports/recount.txt")
    assert code == 0
    assert "[1] recount (reports/recount.txt; characters 0–31)\n    “Hanna Corrigan won the recount.”" in out
    assert run("ask", "  ") == (1, "", "rag: the question is empty. Ask something about the documents.\n")


# --- chat


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the chat was served with, in place of serving it."""
    served: list[dict[str, Any]] = []

    def serve(chat: Any, *, ready: Callable[[str], None], **options: Any) -> None:
        served.append({"folder": chat, **options})
        ready("http://127.0.0.1:7860")

    monkeypatch.setattr("ui.collections.Collections", lambda first, *, folder: folder)

    monkeypatch.setattr("ui.server.serve", serve)
    return served


STARTING = "rag: starting the chat …\n"  # at once: loading what the page needs takes seconds


def test_chat_indexes_the_folder_and_prints_the_address(
    run: Run, scripted: Callable[..., Scripted], chat: list[dict[str, Any]]
) -> None:
    assistant = scripted(report=UpdateReport(added=("a", "b")))
    code, out, err = run("chat", "--documents", "reports", "--port", "0")
    assert (code, err) == (0, STARTING)
    assert out.splitlines() == [
        "2 added, 0 updated, 0 unchanged, 0 rejected (indexes/default)",
        "Footnote answers at http://127.0.0.1:7860 (Ctrl-C stops it)",
    ]
    assert chat == [{"folder": Path("indexes"), "host": None, "port": 0, "auth": None, "url": None}]
    assert assistant.opened["documents"] == ["reports"]
    assert assistant.closed


def test_chat_without_an_index_begins_an_empty_one(
    run: Run, scripted: Callable[..., Scripted], chat: list[dict[str, Any]]
) -> None:
    assistant = scripted(report=UpdateReport())
    assert run("chat") == (0, "Footnote answers at http://127.0.0.1:7860 (Ctrl-C stops it)\n", STARTING)
    assert assistant.opened["documents"] == []
    (Path("indexes/default")).mkdir(parents=True)
    Path("indexes/default/catalog.sqlite").touch()
    run("chat")
    assert assistant.opened["documents"] is None


def test_chat_opens_the_browser_only_when_asked(
    run: Run, scripted: Callable[..., Scripted], chat: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    scripted()
    run("chat")
    assert opened == []
    run("chat", "--open")
    assert opened == ["http://127.0.0.1:7860"]


def test_a_port_in_use_and_a_foreign_host_are_named(run: Run, scripted: Callable[..., Scripted]) -> None:
    assistant = scripted()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, err = run("chat", "--port", str(port))
    assert (code, out) == (1, "")
    assert err == f"{STARTING}rag: port {port} on 127.0.0.1 is taken. Choose another with --port, 0 for any.\n"
    assert assistant.opened == {}  # nothing was indexed first
    assert run("chat", "--host", "0.0.0.0")[2].endswith(
        "Name a file of passwords with --auth FILE, or use --host 127.0.0.1.\n"
    )


def test_a_file_of_passwords_that_others_can_read_is_refused_before_any_work(
    run: Run, scripted: Callable[..., Scripted]
) -> None:
    assistant = scripted()
    passwords = Path("passwords")
    passwords.write_text("anna:secret\n")
    passwords.chmod(0o644)
    code, out, err = run("chat", "--auth", "passwords", "--host", "0.0.0.0", "--port", "0")
    remedy = "Make it yours alone: chmod 600 passwords"
    assert (code, out, err) == (1, "", f"{STARTING}rag: passwords can be read by others. {remedy}\n")
    assert assistant.opened == {}


def test_a_public_chat_says_that_passwords_travel_unencrypted(
    run: Run, scripted: Callable[..., Scripted], chat: list[dict[str, Any]]
) -> None:
    scripted()
    passwords = Path("passwords")
    passwords.write_text("anna:secret\n")
    passwords.chmod(0o600)
    code, _, err = run("chat", "--auth", "passwords", "--host", "0.0.0.0", "--port", "0")
    assert code == 0
    assert "rag: passwords and documents travel unencrypted over http. Put a reverse proxy with TLS in front" in err
    assert "secret" not in err
    assert (chat[0]["auth"], chat[0]["host"], chat[0]["port"]) == ("passwords", "0.0.0.0", 0)


@pytest.mark.parametrize(
    ("words", "there", "index", "folder"),
    [
        ([], [], "indexes/default", "indexes"),
        ([], ["indexes/sample"], "indexes/sample", "indexes"),
        ([], ["indexes/default", "indexes/a"], "indexes/default", "indexes"),
        (["--documents", "reports"], ["indexes/sample"], "indexes/default", "indexes"),
        (["--index", "indexes/sample"], ["indexes/sample"], "indexes/sample", None),
        (["--collections", "mine"], ["mine/b", "mine/a"], "mine/a", "mine"),
        (["--collections", "mine", "--index", "elsewhere"], [], "elsewhere", "mine"),
    ],
)
def test_a_chat_begins_with_one_index_and_can_switch_to_those_of_its_folder(
    run: Run, scripted: Callable[..., Scripted], chat: list[dict[str, Any]],
    words: list[str], there: list[str], index: str, folder: str | None,
) -> None:  # fmt: skip
    assistant = scripted(report=UpdateReport())
    for name in there:
        Path(name).mkdir(parents=True)
        Path(name, "catalog.sqlite").touch()
    assert run("chat", *words)[0] == 0
    assert assistant.opened["index"] == index
    assert chat[0]["folder"] == (Path(folder) if folder else None)


# --- eval


@pytest.fixture
def suite(reports: Path) -> Path:
    """A suite of one question over the two reports."""
    folder = reports.parent / "small"
    folder.mkdir()
    reports.rename(folder / "documents")
    (folder / "suite.toml").write_text('name = "small"\n', encoding="utf-8")
    evidence = {"doc_id": "recount.txt", "start": 0, "end": 14, "text": "Hanna Corrigan"}
    question = {
        "id": "1", "question": "Who won the recount?", "answers": ["Hanna Corrigan"], "answerable": True,
        "evidence": [evidence],
    }  # fmt: skip
    (folder / "questions.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    return folder


def test_eval_prints_the_table_and_writes_the_results(run: Run, suite: Path) -> None:
    code, out, err = run("eval", suite, "--systems", "bm25", "--out", "found.json")
    assert code == 0
    assert out.startswith("small: 1 questions over 2 documents;")
    assert "bm25: 1 of 1 questions\n" in err
    assert json.loads(Path("found.json").read_text(encoding="utf-8"))["summary"]["bm25"]["recall_at_1"]["value"] == 1.0


def test_eval_as_json_is_the_whole_run(run: Run, suite: Path) -> None:
    code, out, _ = run("eval", suite, "--systems", "bm25", "--out", "found.json", "--json")
    assert code == 0
    assert json.loads(out) == json.loads(Path("found.json").read_text(encoding="utf-8"))


def test_eval_writes_a_page_beside_the_results(run: Run, suite: Path) -> None:
    _, _, err = run("eval", suite, "--systems", "bm25,dense", "--out", "found.json")
    assert "rag: results written to found.json, the report to found.html\n" in err
    page = Path("found.html").read_text(encoding="utf-8")
    assert "Who won the recount?" in page
    assert "bm25" in page
    assert "dense" in page
    assert not Path("found.json.rows").exists()


def test_eval_ends_with_4_where_a_figure_is_below_its_floor_or_not_as_expected(run: Run, suite: Path) -> None:
    words = ("eval", suite, "--systems", "bm25", "--out", "found.json")
    assert run(*words, "--fail-under", "recall_at_1=1", "--fail-under", "citation_recall=0.9")[0] == 0
    code, _, err = run(*words, "--fail-under", "exact_match=0.5")
    assert (code, "rag: bm25: exact_match is 0.0000, below 0.5\n" in err) == (4, True)
    (suite / "expected.toml").write_text("[bm25]\nexact_match = { value = 0.4, within = 0.1 }\n")
    code, _, err = run(*words)
    assert (code, "rag: bm25: exact_match is 0.0000, expected 0.4 ± 0.1\n" in err) == (4, True)
    code, _, err = run(*words, "--fail-under", "false_refusals=0.1")
    assert (code, err.splitlines()[0][:52]) == (1, "rag: 'false_refusals' is the better the lower it is.")


def test_eval_compares_with_results_of_before(run: Run, suite: Path) -> None:
    run("eval", suite, "--systems", "bm25", "--out", "before.json")
    code, out, _ = run("eval", suite, "--systems", "bm25", "--out", "found.json", "--baseline", "before.json")
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("bm25 − bm25 before, recall within"))
    assert line.split()[-3:] == ["+0.000", "1.0000", "–"]  # of one document there is no interval
    assert run("eval", suite, "--systems", "bm25", "--baseline", "none.json")[0] == 1


def test_a_suite_is_made_of_documents_and_asked(run: Run, reports: Path) -> None:
    (reports / "scan.bin").write_bytes(b"\x00\x01")
    code, out, err = run("eval", "new", "mine", "--documents", reports)
    assert (code, out) == (4, "made the suite mine\n")
    assert "rag: scan.bin was left out: " in err
    assert err.endswith("rag: add questions: rag eval add mine QUESTION --answer TEXT --quote DOCUMENT TEXT\n")
    words = ("--answer", "Corrigan", "--answer", "Hanna Corrigan", "--quote", "recount.txt", "Hanna Corrigan")
    code, out, _ = run("eval", "add", "mine", "Who won the recount?", *words)
    assert (code, out) == (0, "added q001: Who won the recount? (recount.txt:0:14)\n")
    code, out, _ = run("eval", "add", "mine", "Who was mayor before?")
    assert (code, out) == (0, "added q002: Who was mayor before? (not answered by the documents)\n")
    code, _, err = run("eval", "add", "mine", "Who lost?", "--answer", "B", "--quote", "recount.txt", "hanna corrigan")
    assert (code, "It says 'Hanna Corrigan'." in err) == (1, True)
    told = 'rag: --quote takes a document, words of it, and at most a number or all. Such as --quote report.txt "in'
    for words in (("recount.txt",), ("recount.txt", "Corrigan", "x"), ("recount.txt", "Corrigan", "1", "2")):
        code, _, err = run("eval", "add", "mine", "Who lost?", "--answer", "B", "--quote", *words)
        assert (code, err.startswith(told)) == (1, True)
    code, out, _ = run("--config=rag.toml", "eval", "new", "mine", "--documents", reports)
    assert code == 1
    code, out, _ = run("eval", "mine", "--systems", "bm25", "--json")
    assert [row["id"] for row in json.loads(out)["rows"]["bm25"]] == ["q001", "q002"]


def test_eval_exits_with_4_where_a_system_failed(run: Run, suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Any, question: str) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("eval.baselines.BM25.ask", failing)
    assert run("eval", suite, "--systems", "bm25", "--out", "found.json")[0] == 4


def test_calibrate_says_which_threshold_to_set_and_what_it_costs(
    run: Run, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(confidence: float, recall: float) -> dict[str, Any]:
        return {"citation_recall": recall, "confidence": confidence, "refused": False, "error": ""}

    rows = [row(0.9, 1.0), row(0.8, 1.0), row(0.7, 0.0), row(0.6, 0.0) | {"refused": True}]
    asked: list[float | None] = []

    def evaluated(suite: Any, systems: Any, **_: Any) -> Any:
        asked.extend(system._config.reader.threshold for system in systems)
        return SimpleNamespace(rows={"footnote": rows})

    monkeypatch.setattr("eval.run.evaluate", evaluated)
    code, out, err = run("calibrate", suite, "--precision", "0.95")
    assert (code, asked) == (0, [0.0])
    assert err == "rag: 3 answers are few: a threshold that holds for other questions takes 50 or more.\n"
    assert out == (
        "From a confidence of 0.80, 100.0% of the answers are right, and 50.0% of the 4 questions are answered.\n"
        "Set it in rag.toml:\n\n[reader]\nthreshold = 0.8\n"
    )
    found = json.loads(run("calibrate", suite, "--json")[1])
    assert (found["threshold"], found["answered"], found["precision"], found["right"]) == (0.8, 0.5, 1.0, 0.6667)
    rows[0]["citation_recall"] = 0.0
    code, out, _ = run("calibrate", suite)
    assert (code, out.split(".")[0]) == (4, "No threshold reaches that precision on these questions")
    rows.append(row(0.9, 1.0) | {"error": "it broke"})
    code, out, err = run("calibrate", suite)
    assert (code, "1 of 5 questions failed and are left out." in err) == (4, True)
    for one in rows:
        one["refused"] = True
    code, _, err = run("calibrate", suite)
    assert (code, "no question was answered" in err) == (1, True)


def test_eval_without_a_suite_lists_suites_and_systems(run: Run) -> None:
    code, out, _ = run("eval")
    assert code == 0
    assert out.splitlines()[0].startswith("suites: sample")
    assert out.splitlines()[1].startswith(
        "systems: footnote, llama-index-starter, bm25, dense, txtai, haystack, footnote:"
    )
    assert run("eval", "sample", "--out", "found.html")[0] == 1
    assert "sample" in json.loads(run("eval", "--json")[1])["suites"]


# --- mistakes


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("index", ""), "'': an empty name is no file or folder. Check the path."),
        (("index", "reprots"), "reprots: there is no such file or folder. Check the path."),
        (("ask", "Who?", "--documents", "reprots"), "reprots: there is no such file or folder. Check the path."),
        (("ask", "Who?"), "{here}/indexes/default: there is no index here. "),
        (("documents", "--index", "other"), "{here}/other: there is no index here. "),
        (("documents", "--index", "reports/strike.txt"), "{here}/reports/strike.txt: "),
        (("index", "reports", "--index", "reports/strike.txt"), "{here}/reports/strike.txt: is a file. An index is"),
        (("eval", "smaple"), "no suite 'smaple'. Give a folder or file, or one of those bundled: sample"),
        (("eval", "sample", "--systems", "bm24"), "system 'bm24' is not known. Choose from: footnote, "),
        (("--config", "none.toml", "documents"), "no configuration file at none.toml. Give the path"),
        (("documents", "--config", "wrong.toml"), "wrong.toml"),
        (("documents", "--config", "broken.toml"), "broken.toml: "),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_what_to_do(run: Run, reports: Path, words: tuple[str, ...], says: str) -> None:
    Path("wrong.toml").write_text("[reader]\nthreshhold = 0.5\n", encoding="utf-8")
    Path("broken.toml").write_text("[reader\n", encoding="utf-8")
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert err.startswith(f"rag: {says.format(here=reports.parent)}")
    assert err.count("\n") == 1
    assert not Path("indexes").exists()


def test_an_unknown_setting_is_named(run: Run, reports: Path) -> None:
    Path("rag.toml").write_text("[reader]\nthreshhold = 0.5\n", encoding="utf-8")
    code, _, err = run("documents")
    assert code == 1
    assert "reader.threshhold" in err


def test_a_setting_reaches_the_assistant_wherever_config_stands(run: Run, scripted: Callable[..., Scripted]) -> None:
    Path("mine.toml").write_text("[reader]\nthreshold = 0.25\n", encoding="utf-8")
    for words in (("--config", "mine.toml", "ask", "Who?"), ("ask", "Who?", "--config", "mine.toml")):
        assistant = scripted(answered(Path("/a")))
        run(*words)
        assert assistant.opened["config"].reader.threshold == 0.25


def test_a_file_that_cannot_be_written_is_named(run: Run, suite: Path) -> None:
    code, _, err = run("eval", suite, "--systems", "bm25", "--out", "small/suite.toml/found.json")
    assert code == 1
    assert err.endswith((": Not a directory.\n", ": File exists.\n"))


def test_what_nobody_foresaw_keeps_its_traceback(run: Run, scripted: Callable[..., Scripted]) -> None:
    assistant = scripted()
    assistant.ask = lambda question, within: 1 / 0  # type: ignore[assignment, method-assign]
    with pytest.raises(ZeroDivisionError):
        run("ask", "Who?")
    assert assistant.closed


def test_a_reader_that_stops_listening_is_no_error() -> None:
    command = [
        sys.executable,
        "-c",
        "import time; time.sleep(.3); import sys, rag.cli; sys.exit(rag.cli.main(['eval']))",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        assert started.stderr.read() == ""
    assert started.returncode == 1


# --- upkeep


def test_rebuild_says_how_much_was_embedded_anew(run: Run, reports: Path) -> None:
    run("index", "reports")
    code, out, err = run("rebuild")
    assert (code, out) == (0, "2 files embedded anew (indexes/default)\n")
    assert err.endswith("2 of 2 files (2 passages, strike.txt)\n")
    code, out, _ = run("rebuild", "--json")
    assert (code, len(json.loads(out)["added"]), json.loads(out)["cancelled"]) == (0, 2, False)
    assert run("rebuild", "--index", "other")[::2] == (
        1, f"rag: {Path.cwd()}/other: there is no index here. Build one: rag index FOLDER --index {Path.cwd()}/other\n",
    )  # fmt: skip


def test_an_interrupted_rebuild_says_that_the_index_is_as_it_was(
    run: Run, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("index", "reports")
    monkeypatch.setattr("rag.updating._BATCH", 1)
    with monkeypatch.context() as patched:

        def stopping(self: terminal.Meter, now: Progress) -> None:
            raise KeyboardInterrupt

        patched.setattr(terminal.Meter, "files", stopping)
        code, out, err = run("rebuild")
    assert (code, out) == (130, "")
    assert err == "rag: interrupted. The index answers as before; the same command goes on where it was.\n"
    assert run("verify")[0] == 0
    assert run("rebuild")[1] == "1 file embedded anew, 1 before the last stop (indexes/default)\n"


def damage(old: bytes, new: bytes) -> None:
    catalog = Path("indexes/default/catalog.sqlite")
    whole = catalog.read_bytes()
    assert old in whole
    catalog.write_bytes(whole.replace(old, new))


def test_damage_is_told_and_mended_and_what_is_lost_is_named(run: Run, reports: Path) -> None:
    run("index", "reports")
    damage(b"Hanna Corrigan won", b"Hanna Corrigan sat")
    mend = "Mend it: rag verify --repair --index"
    code, out, err = run("ask", "Who won the recount?")
    assert (code, out) == (1, "")
    assert err == (
        f"rag: {Path.cwd()}/indexes/default: the catalog is damaged (its bytes are not those that were written). "
        f"{mend} {Path.cwd()}/indexes/default\n"
    )
    code, out, _ = run("verify")
    assert code == 4
    assert out.splitlines()[0].endswith("generation 3: not in order.")
    assert f"  {reports}/recount.txt: the document or its passages are not as they were indexed.\n" in out
    assert out.endswith(f"\n{mend} indexes/default\n")
    code, out, _ = run("verify", "--repair")
    last = "indexes/default: 2 documents, 2 passages, generation 5: in order."
    assert code == 0
    assert out.splitlines() == [
        "Damage was found. 1 file kept as indexed.",
        "Damaged, and read again from the disk:",
        "  reports/recount.txt",
        "What the catalog could not even name is not told here. To be sure, index your folders again: "
        "rag index FOLDER --index indexes/default",
        "The damaged catalog stays as indexes/default/catalog.sqlite.damaged until a document is deleted.",
        last,
    ]
    assert run("verify", "--repair") == (0, f"No document was damaged.\n{last}\n", "")
    assert RECOUNT in run("search", "recount")[1]


def test_a_repair_that_loses_a_document_ends_with_4(run: Run, reports: Path) -> None:
    run("index", "reports")
    damage(b"Hanna Corrigan won", b"Hanna Corrigan sat")
    (reports / "recount.txt").unlink()
    code, out, _ = run("verify", "--repair")
    assert code == 4
    assert "Lost, for nothing to read stands there now:\n  reports/recount.txt\n" in out
    run("index", "reports")
    damage(b"The dockers", b"The doctors")
    (reports / "strike.txt").unlink()
    code, out, _ = run("verify", "--repair", "--json")
    found = json.loads(out)
    assert (code, found["salvaged"], found["lost"], found["restored"]) == (4, 0, [str(reports / "strike.txt")], [])


def test_damage_of_what_says_which_encoder_built_it_is_called_damage(run: Run, reports: Path) -> None:
    run("index", "reports")
    damage(DEFAULT.encode(), DEFAULT.encode()[:-1] + b"?")
    code, out, _ = run("verify")
    assert code == 4
    assert "  what says which encoder built it has changed.\n" in out
    assert run("verify", "--repair")[0] == 0


def test_watch_prints_no_json_and_watches_folders_alone(run: Run, reports: Path) -> None:
    code, out, err = run("index", "reports", "--watch", "--json")
    assert (code, out) == (2, "")
    assert err.endswith("--watch prints a report for each change, not one JSON document\n")
    code, out, err = run("index", "reports/strike.txt", "--watch")
    assert (code, out) == (1, "")
    assert err.endswith(f"rag: {reports}/strike.txt: it is no folder. Only folders can be watched.\n")


# --- stopped from outside


class Started:
    """The real command in a process of its own, forked where all is imported; what it says is read as it comes."""

    def __init__(self, children: Children, *words: str, cwd: Path, site: Sequence[str] = ()) -> None:
        self._children, self._said = children, [cwd / "stdout", cwd / "stderr"]
        for file in self._said:
            file.write_bytes(b"")
        self._pid = children.begin([words, str(cwd), [*site], [str(file) for file in self._said]])
        children.go()

    @property
    def out(self) -> list[str]:
        return self._lines(0)

    @property
    def err(self) -> list[str]:
        return self._lines(1)

    def _lines(self, stream: int) -> list[str]:
        lines = self._said[stream].read_text(encoding="utf-8").splitlines(keepends=True)
        return [line for line in lines if line.endswith("\n")]

    def until(self, said: Callable[[], bool], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not said():
            if not is_running(self._pid) or time.monotonic() > deadline:
                self._children.kill()
                raise AssertionError((self._children.ended(), self.out, self.err))
            time.sleep(0.02)

    def stop(self, number: int) -> tuple[int, float]:
        """Send a signal; return the exit code, and the seconds until the process had ended."""
        began = time.monotonic()
        os.kill(self._pid, number)
        return self.ended(), time.monotonic() - began

    def ended(self) -> int:
        return self._children.ended()


def work(order: list[Any]) -> int:
    """Be the command: started here, modules of `site` before others, what it says in two files."""
    words, cwd, site, said = order
    os.chdir(cwd)
    sys.path[:0] = site
    for number, file in enumerate(said, 1):
        os.dup2(os.open(file, os.O_WRONLY), number)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return main(words)


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children(__file__) as started:
        yield started


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_watch_follows_changes_and_ends_cleanly(
    children: Children, tmp_path: Path, number: int, code: int, said: str
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "strike.txt").write_text(STRIKE)
    rag = Started(children, "index", "reports", "--watch", cwd=tmp_path)
    rag.until(lambda: len(rag.out) == 1)
    (folder / "recount.txt").write_text(RECOUNT)
    rag.until(lambda: len(rag.out) == 2)
    (folder / "strike.txt").unlink()
    rag.until(lambda: len(rag.out) == 5)
    ended, seconds = rag.stop(number)
    assert (ended, seconds < 10) == (code, True)
    assert rag.out == [
        "1 added, 0 updated, 0 unchanged, 0 rejected (indexes/default)\n",
        "1 added, 0 updated, 1 unchanged, 0 rejected (indexes/default)\n",
        "0 added, 0 updated, 1 unchanged, 0 rejected (indexes/default)\n",
        "Removed, for their files are gone:\n",
        "  reports/strike.txt\n",
    ]
    assert rag.err[0] == "rag: watching reports (Ctrl-C stops it)\n"
    assert rag.err[-1] == f"rag: {said}. What was indexed so far is kept whole; the same command goes on from there.\n"
    assert "Traceback" not in "".join(rag.err)


def test_sigterm_ends_an_update_soon_and_the_next_goes_on(children: Children, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    for number in range(600):
        (folder / f"{number:03}.txt").write_text(f"Ship {number} sailed at dawn with {number * 11} crates.")
    rag = Started(children, "index", "reports", cwd=tmp_path)
    rag.until(lambda: any(" of 600 files" in line for line in rag.err))
    code, seconds = rag.stop(signal.SIGTERM)
    assert (code, seconds < 10) == (143, True)
    assert rag.out == []
    assert "Traceback" not in "".join(rag.err)
    assert rag.err[-1].startswith("rag: terminated. What was indexed so far is kept whole")
    acknowledged = int(next(line for line in reversed(rag.err) if " of 600 files" in line).split()[0])
    with closing(Catalog(tmp_path / "indexes/default/catalog.sqlite")) as catalog:
        kept = list(catalog.files())
    assert acknowledged <= len(kept) < 600
    assert [Path(path).name for path in kept] == [f"{number:03}.txt" for number in range(len(kept))]
    for number in range(len(kept) + 5, 600):  # the rest is of no interest
        (folder / f"{number:03}.txt").unlink()
    again = Started(children, "index", "reports", "--json", cwd=tmp_path)
    assert again.ended() == 0
    report = json.loads("".join(again.out))
    assert report["unchanged"] == kept
    assert len(report["added"]) == 5


# In the process that reads files, the reader of texts never ends; it may write no file, but make an empty one.
HANGING = """
import os, sys, time
if "rag.documents.child" in sys.orig_argv:
    import rag.documents.text
    def read(data):
        os.close(os.open({folder!r} + str(os.getpid()), os.O_CREAT))
        time.sleep(600)
    rag.documents.text.read = read
"""


def test_sigterm_does_not_wait_for_a_parser(children: Children, tmp_path: Path) -> None:
    """The reader of texts hangs in its own process."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "strike.txt").write_text(STRIKE)
    for name in ("site", "reading"):
        (tmp_path / name).mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(HANGING.format(folder=f"{tmp_path}/reading/"))
    rag = Started(children, "index", "reports", cwd=tmp_path, site=[str(tmp_path / "site")])
    rag.until(lambda: any((tmp_path / "reading").iterdir()))
    code, seconds = rag.stop(signal.SIGTERM)
    assert (code, seconds < 10) == (143, True)
    assert [line for line in rag.err if not line.startswith("rag: terminated. ")] == []
    [parser] = (tmp_path / "reading").iterdir()
    deadline = time.monotonic() + 5
    while is_running(int(parser.name)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(int(parser.name))


def is_running(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()  # a zombie has ended
    except OSError:
        return False


# --- the terminal


def test_a_document_cannot_steer_the_terminal(run: Run, scripted: Callable[..., Scripted]) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eabc\r"
    scripted(Answer(question="Who?", reason=f"No {hostile}"))
    _, out, _ = run("ask", "Who?")
    assert out == "No \ufffd]0;owned\ufffd\ufffd[2J\ufffd31m\ufffdabc\ufffd\n"
    assert json.loads(run("ask", "Who?", "--json")[1])["reason"] == f"No {hostile}"


def test_any_text_can_be_printed_in_any_locale(tmp_path: Path) -> None:
    (tmp_path / "rag.toml").write_text("[“schön” 😀]\n", encoding="utf-8")
    environment = {"PYTHONIOENCODING": "latin-1", "PATH": "/usr/bin:/bin"}
    code = "import sys, rag.cli as c; c._print('“schön” 😀 \\ud800'); c._print_json('“schön” 😀')"
    start = "import io, sys\nfrom rag.cli import main\nmain(['eval'])\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, timeout=30, check=True, env=environment
    )
    *_, text, value = done.stdout.decode("latin-1").splitlines()
    assert text == "\\u201cschön\\u201d \\U0001f600 \\ud800"
    assert json.loads(value) == "“schön” 😀"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_line_for_each_tenth_outside_of_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.Meter("files") as meter:
        for done in range(1, 41):
            meter.files(Progress(done=done, total=40, path="/a/b.txt", passages=2 * done))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert (lines[0], lines[-1]) == ("4 of 40 files (8 passages, b.txt)", "40 of 40 files (80 passages, b.txt)")


def test_progress_without_work_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.Meter("files") as meter:
        meter.files(Progress(done=1, total=1, path="/a/b.txt", passages=0))
    assert capsys.readouterr().err == ""


def test_progress_is_a_bar_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with terminal.Meter("questions") as meter:
        for system in ("footnote", "bm25"):
            for done in range(4):
                meter.questions(system, done, 3)
    assert screen.getvalue().startswith("Loading …\r\x1b[K")
    last = [line.split("\r")[-1] for line in screen.getvalue().split("\n")[:2]]
    assert [(line.split(":")[0], "3/3" in line) for line in last] == [("footnote", True), ("bm25", True)]


def test_what_steers_a_terminal_is_escaped_in_json_and_a_path_stays_on_its_line() -> None:
    from rag import terminal

    text = json.dumps({"title": "a\u202eb\u2028c\x9bd\u061ce\U000e0041f ünï"}, ensure_ascii=False)
    assert terminal.escaped(text).isprintable()
    assert json.loads(terminal.escaped(text)) == json.loads(text)
    assert terminal.shown("/reports/a\nforged row\u202e.txt") == "/reports/a\ufffdforged row\ufffd.txt"


def test_a_repair_that_finds_nothing_to_keep_says_so_and_ends_with_4(run: Run, reports: Path) -> None:
    run("index", "reports")
    file = Path("indexes/default/catalog.sqlite")
    file.write_bytes(bytes(file.stat().st_size))
    code, out, _ = run("verify", "--repair")
    assert code == 4
    assert out.startswith("Damage was found, and nothing in the catalog could be kept.\n")
    assert run("index", "reports")[1].startswith("2 added, ")


if __name__ == "__main__":
    serve(work, seconds=300, also=["rag.index", "rag.upkeep", "sentence_transformers", "watchfiles"])
