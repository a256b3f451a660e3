"""Protocol truth: a real language model behind a real OpenAI-compatible server, `transformers serve`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import tiny_model
from test_generator import hit

from rag import doctor
from rag.config import Config, LLMSettings
from rag.errors import LLMError
from rag.generator import Generator
from rag.writing import Draft

pytestmark = pytest.mark.filterwarnings("default")  # of the server, which runs in this process


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LLMSettings]:
    folder = tiny_model.build(tmp_path_factory.mktemp("tiny"))
    with tiny_model.serving(folder) as url:
        yield LLMSettings(model=str(folder), base_url=url, first_token=60.0, first_sentence=60.0, idle=60.0)


def drafts(settings: LLMSettings, **changes: Any) -> list[Draft]:
    generator = Generator(settings.model_copy(update=changes), prompts=Config().prompts)
    return list(generator.stream("Who met Sergei Lavrov?", [hit()]))


@pytest.mark.parametrize("stream", [True, False])
def test_a_real_model_writes_a_draft(served: LLMSettings, stream: bool) -> None:
    found = drafts(served, stream=stream)
    assert found[-1] == Draft(text=tiny_model.TEXT)
    assert all(tiny_model.TEXT.startswith(draft.text) for draft in found)


@pytest.mark.parametrize("stream", [True, False])
def test_a_real_server_says_that_the_draft_reached_its_limit(served: LLMSettings, stream: bool) -> None:
    last = drafts(served, stream=stream, max_tokens=16)[-1]
    assert last.text == "Marco Rubio met Sergei Lavrov in Riyadh on February 18 [1]."
    assert last.cut == "it reached llm.max_tokens or the end of its window"


def test_a_real_server_can_be_left_in_the_middle(served: LLMSettings) -> None:
    generator = Generator(served, prompts=Config().prompts)
    stream = generator.stream("Who met Sergei Lavrov?", [hit()])
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert generator.draft("Who met Sergei Lavrov?", [hit()]) == tiny_model.TEXT


def test_a_real_server_refuses_a_model_that_it_does_not_have(served: LLMSettings) -> None:
    with pytest.raises(LLMError, match=r"HTTP [45]\d\d"):
        drafts(served, model="another/model")


def test_the_doctor_finds_a_real_server_well(served: LLMSettings) -> None:
    found = doctor.examine(Config(llm=served))
    said = doctor.told(found)
    assert found.ok, said
    assert found.model["answers"] is True
    assert found.model["first_token_seconds"] <= found.model["seconds"]
    assert "it wrote a sentence in" in said
