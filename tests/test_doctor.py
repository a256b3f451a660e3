"""`rag doctor`: what it finds, in words, of everything that answers need and of the language model."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from llm_server import Endpoint, failure, hang, hang_after, said, said_by_ollama
from pydantic import SecretStr

from rag import doctor, models, network
from rag.cli import main
from rag.config import Config, EncoderSettings, LLMSettings
from rag.doctor import Diagnosis, Finding

KEY = "sk-canary-7f3a9b21"


def listed(*names: str, **more: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", **more} for name in names]}


def examined(endpoint: Endpoint, **changes: Any) -> Diagnosis:
    given = {"model": "qwen3-8b", "base_url": endpoint.url, "api_key": SecretStr(KEY), **changes}
    return doctor.examine(Config(llm=LLMSettings(**given)))


def of(found: Diagnosis, subject: str = "language model") -> list[Finding]:
    return [finding for finding in found.findings if finding.subject == subject]


def test_without_a_model_all_is_fine_and_it_says_how_to_configure_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("nothing connects where nothing is configured")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "fine     language model: none is configured." in said
    assert "[llm], model =" in said
    assert "fine     encoder: its weights are there, and are the published ones (SHA-256)." in said
    assert "fine     reader: its weights are there, and are the right ones (SHA-256)." in said
    assert "fine     support checker: its weights are there, and are the right ones (SHA-256)." in said
    assert said.rstrip().endswith("Everything that is needed is there.")


def test_a_model_that_answers_is_told_with_its_window_and_its_seconds() -> None:
    with Endpoint(said("The bridge is open.")) as endpoint:
        endpoint.told["/v1/models"] = listed("qwen3-8b", "other", max_model_len=32768)
        found = examined(endpoint)
        headers = [headers for _, headers, _ in endpoint.requests]
    assert found.ok
    first, lists, window, trip = of(found)
    assert first.says == f"is to be qwen3-8b at {endpoint.url} (openai)."
    assert lists.says == "its server answers, and has it among 2."
    assert window.says == "its window is 32,768 tokens by its server; 8,192 of them are used (llm.context_window)."
    assert trip.says.startswith("it wrote a sentence in ")
    assert {one["authorization"] for one in headers} == {f"Bearer {KEY}"}
    assert KEY not in json.dumps(found.as_dict())
    known = found.model
    assert (known["listed"], known["context_window"], known["context_window_from"]) == (
        ["other", "qwen3-8b"], 32768, "server",
    )  # fmt: skip
    assert known["first_token_seconds"] <= known["seconds"]


@pytest.mark.parametrize(
    ("entry", "window"),
    [
        ({"max_model_len": 4096}, 4096),
        ({"meta": {"n_ctx_train": 2048}}, 2048),
        ({"context_length": 1024}, 1024),
    ],
)
def test_a_window_that_is_smaller_than_the_setting_is_amiss(entry: dict[str, Any], window: int) -> None:
    with Endpoint(said("Yes.")) as endpoint:
        endpoint.told["/v1/models"] = listed("qwen3-8b", **entry)
        found = examined(endpoint)
    (amiss,) = [finding for finding in of(found) if finding.state == "missing"]
    assert amiss.says == f"its window is {window:,} tokens, and llm.context_window says 8,192."
    assert amiss.remedy == f"Set llm.context_window = {window}."


def test_a_window_that_no_server_tells_is_that_of_the_setting() -> None:
    with Endpoint(said("Yes.")) as endpoint:
        endpoint.told["/v1/models"] = listed("qwen3-8b")
        found = examined(endpoint)
    assert "its server does not say its window; llm.context_window says 8,192." in [one.says for one in of(found)]
    assert found.model["context_window_from"] == "setting"


def test_a_model_that_the_server_does_not_have_is_named_with_those_it_has() -> None:
    with Endpoint(said("Yes.")) as endpoint:
        endpoint.told["/v1/models"] = listed("llama3", "mistral")
        found = examined(endpoint)
    assert not found.ok
    assert of(found)[-1].says == "its server answers, and has no model qwen3-8b; it has llama3, mistral."


def test_ollama_is_asked_in_its_own_protocol_and_says_what_to_pull() -> None:
    with Endpoint(said_by_ollama("The bridge is open.")) as endpoint:
        url = f"http://127.0.0.1:{endpoint.port}"
        endpoint.told["/api/tags"] = {"models": [{"name": "qwen3:latest", "model": "qwen3:latest"}]}
        endpoint.told["/api/show"] = {"model_info": {"qwen3.context_length": 40960}}
        fine = examined(endpoint, provider="ollama", base_url=url, model="qwen3")
        absent = examined(endpoint, provider="ollama", base_url=url, model="llama3")
    assert fine.ok, doctor.told(fine)
    assert fine.model["context_window"] == 40960
    assert of(absent)[-1].remedy == "Run `ollama pull llama3`, or set llm.model."


def test_a_server_that_lists_nothing_may_answer_all_the_same() -> None:
    with Endpoint(said("The bridge is open.")) as endpoint:
        found = examined(endpoint)
    assert found.ok
    assert "its server answers, and does not say which models it has." in [finding.says for finding in of(found)]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (failure(500, retry_after_ms="1"), "asked for a sentence, it failed (HTTP 500)"),
        (failure(404), "asked for a sentence, it knows no such path or model (HTTP 404)."),
        (hang, "it did not begin its answer within 0.4 s."),
        (hang_after(), "it did not begin its answer within 0.4 s."),
        (said(""), "asked for a sentence, it answered with nothing."),
    ],
)
def test_a_model_that_does_not_answer_a_question_is_amiss(script: Any, says: str) -> None:
    with Endpoint(said("warm")) as endpoint:
        endpoint.told["/v1/models"] = listed("qwen3-8b")
        examined(endpoint)
        endpoint.script = [script]
        found = examined(endpoint, first_token=0.4)
    assert of(found)[-1].says.startswith(says)
    assert of(found)[-1].state == "missing"


def test_a_server_that_is_not_running_is_amiss_and_nothing_else_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        monkeypatch.setenv("RAG_LLM__MODEL", "qwen3-8b")
        monkeypatch.setenv("RAG_LLM__BASE_URL", url)
        assert main(["doctor"]) == 1
        said = capsys.readouterr().out
        assert f"MISSING  language model: {url}: cannot be reached.\n         Start the server there" in said
        assert main(["doctor", "--json"]) == 1
        found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["model"]["answers"]) == (False, False)


def test_an_absent_package_is_amiss_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_is_installed", lambda name: False)
    found = doctor.examine(Config(llm=LLMSettings(provider="ollama", model="m")))
    assert of(found)[-1].remedy == "Run in the folder of Footnote: .venv/bin/pip install -e '.[ollama]'"


def test_altered_weights_and_absent_prompts_and_models_are_amiss(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    altered = tmp_path / "reader.safetensors"
    altered.write_bytes(b"something else")
    monkeypatch.setattr(network, "WEIGHTS", altered)
    found = doctor.examine(Config(prompts=tmp_path, encoder=EncoderSettings(model=str(tmp_path / "nowhere"))))
    assert {finding.subject for finding in found.findings if finding.state == "missing"} == {
        "encoder", "reader", "prompts",
    }  # fmt: skip
    assert "3 things missing: see above." in doctor.told(found)


def test_tesseract_is_noted_and_never_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (scanned,) = of(doctor.examine(Config()), "scanned pages")
    assert (scanned.state, scanned.says) == ("note", "are listed as gaps, since Tesseract is not installed.")
