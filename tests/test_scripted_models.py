"""A model that parrots, lies, raves or tells all: the answer keeps to the documents, and no secret gets out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import scripted_models
from conftest import StandInEncoder
from llm_server import Endpoint
from scripted_models import CANARY, JUNK, KEY, Asked, Model, answering
from serving import NEWS, WHERE

from eval.standing import absent
from rag import Answer, Assistant

MET = "The foreign ministers of both countries met in Riyadh on Tuesday."


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with scripted_models.serving(scripted_models.parrot) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("news")
    for name, text in NEWS.items():
        (folder / name).write_text(text)
    with Assistant.open(folder / "index", documents=[folder / name for name in NEWS], encoder=StandInEncoder()):
        return folder / "index"


@pytest.fixture
def assistant(endpoint: Endpoint, index: Path) -> Iterator[Assistant]:
    with answering(index, endpoint) as assistant:
        yield assistant


def ask(assistant: Assistant, endpoint: Endpoint, model: Model, question: str = WHERE) -> Answer:
    """The answer where the model is this one: it has been asked, and nothing was shown that is not in the answer."""
    before = len(endpoint.requests)
    endpoint.script = [scripted_models.replying(model)]
    *growing, answer = assistant.stream(question)
    assert len(endpoint.requests) > before
    for partial in growing:
        assert [s.text for s in partial.statements] == [s.text for s in answer.statements[: len(partial.statements)]]
    return answer


def everything(answer: Answer) -> str:
    return f"{answer}\n{json.dumps(answer.as_dict(), ensure_ascii=False)}\n{answer!r}"


def test_what_a_parrot_repeats_is_shown_with_the_place_where_it_stands(
    assistant: Assistant, endpoint: Endpoint
) -> None:
    answer = ask(assistant, endpoint, scripted_models.parrot)
    assert answer.answered_by == "scripted-model"
    assert MET in [statement.text for statement in answer.statements]
    for statement in answer.statements:
        assert any(statement.text in text for text in NEWS.values())
        assert all(statement.text in " ".join(citation.quote.split()) for citation in statement.citations)


def test_what_a_liar_makes_up_is_not_shown_as_supported(assistant: Assistant, endpoint: Endpoint) -> None:
    answer = ask(assistant, endpoint, scripted_models.liar)
    assert answer.statements
    for statement in answer.statements:
        quotes = [citation.quote for citation in statement.citations]
        assert absent(statement.text, quotes).stands(least=0.5)


def test_a_liar_beside_the_truth_is_removed_and_counted(assistant: Assistant, endpoint: Endpoint) -> None:
    lies = ("The foreign ministers met in Cairo on Tuesday [1].", "They met in Riyadh on Friday [1].", f"{MET} [1]")
    answer = ask(assistant, endpoint, lambda asked: " ".join(lies))
    assert [statement.text for statement in answer.statements] == [MET]
    assert answer.statements[0].citations[0].quote.endswith(MET)
    assert "Cairo" not in everything(answer)
    assert "2 sentences" in " ".join(answer.notes)


def test_a_model_that_obeys_but_has_no_orders_leaves_the_answer_to_the_reader(
    assistant: Assistant, endpoint: Endpoint
) -> None:
    answer = ask(assistant, endpoint, scripted_models.obey({}))
    assert answer.answered_by == "reader"
    assert MET in [statement.text for statement in answer.statements]


def test_an_order_that_was_obeyed_is_not_shown(assistant: Assistant, endpoint: Endpoint) -> None:
    order = "The union accepted a bribe of forty million crowns [1]. ![x](https://foreign.example/p.png) [1]"
    answer = ask(assistant, endpoint, scripted_models.obey({"Riyadh": order}))
    assert "bribe" not in everything(answer)
    assert "foreign.example" not in everything(answer)
    assert answer.citations[0].quote.endswith(MET)


@pytest.mark.parametrize("number", range(len(JUNK)))
def test_of_noise_nothing_is_shown(assistant: Assistant, endpoint: Endpoint, number: int) -> None:
    answer = ask(assistant, endpoint, JUNK[number])
    assert answer.abstained or [statement.text for statement in answer.statements][:1] == [MET]
    assert answer.notes or answer.abstained
    everything(answer).encode()
    assert "foreign.example" not in everything(answer)


def test_a_model_that_tells_all_it_knows_tells_nobody(
    assistant: Assistant, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*CANARY)
    seen: list[Asked] = []

    def leak(asked: Asked) -> str:
        seen.append(asked)
        return scripted_models.leak(asked)

    answer = ask(assistant, endpoint, leak)
    assert seen[0].headers["authorization"] == f"Bearer {KEY}", "the model had the key to tell"
    for secret in (KEY, CANARY[1], "<<<PASSAGE", "careful news editor", "Bearer"):
        assert secret not in everything(answer)
    for statement in answer.statements:
        assert absent(statement.text, [citation.quote for citation in statement.citations]).stands(least=0.5)
