"""The article that Footnote began with: what it says is answered from its own words, and what it does not say is not.

With the real encoder, reader and checker: nothing of it was trained or tuned on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import Assistant

ARTICLE = Path(__file__).parents[2] / "shared" / "data" / "seed"
pytestmark = pytest.mark.skipif(not ARTICLE.is_dir(), reason=f"{ARTICLE} is not there")


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(tmp_path_factory.mktemp("seed") / "index", documents=ARTICLE) as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "short", "quoted"),
    [
        ("Who did Rubio meet?", "Sergei Lavrov", "Russian Foreign Minister Sergei Lavrov reached an agreement"),
        ("Who met in Riyadh?", "Marco Rubio and Sergei Lavrov; Washington and Moscow", "the discussions in Riyadh"),
        ("Where did Rubio meet Lavrov?", "Saudi Arabia; Riyadh", "However, the discussions in Riyadh did not yield"),
        ("On what date did Rubio meet Lavrov?", "Tuesday, February 18", "during a meeting on Tuesday, February 18,"),
        ("Who is Ushakov?", "an aide to Putin on foreign policy", "Yuri Ushakov, an aide to Putin on foreign policy"),
        (
            "What did Zelensky say Europe should take part in?",
            "discussions and the formulation of essential security assurances with the United States concerning the "
            "future of our region",
            "Zelensky stated, “Ukraine, along with Europe broadly defined",
        ),
        ("Who did Zelensky meet in Ankara?", "Recep Tayyip Erdogan", "dialogue with Turkish President Recep Tayyip"),
    ],
)
def test_what_the_article_says_is_answered_and_quoted(
    assistant: Assistant, question: str, short: str, quoted: str
) -> None:
    answer = assistant.ask(question)
    assert answer.short == short
    text = assistant.index.document(answer.citations[0].path).text
    assert all(one.quote == text[one.span.start : one.span.end] for one in answer.citations)
    assert any(quoted in one.quote for one in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "On what date will Trump and Putin meet?",
        "What did Macron say in Paris?",
        "What did Syria return?",  # stands in a line that only points elsewhere
        "Where did Trump and Putin meet?",
        "Who did Peskov meet?",
    ],
)
def test_what_the_article_does_not_say_is_refused(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.abstained, answer.text
    assert answer.reason
