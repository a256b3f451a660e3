"""Question and passages to a draft as it is written, by a language model that may be slow, broken or away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import models
from rag.breaker import Breaker
from rag.config import LLMSettings
from rag.errors import LLMError
from rag.prompts import DECLINED, defused, fenced, load, named_sides, without_silent
from rag.types import Hit
from rag.writing import Draft, Writing

if TYPE_CHECKING:
    from llama_index.core.llms import LLM
    from llama_index.core.prompts import PromptTemplate

_RESERVE = 64  # tokens that chat templates put around a message
_BYTES_PER_TOKEN = 3  # fewer than any common tokenizer needs for prose


class Generator:
    """Writes drafts. Holds no connection: each draft opens its own and closes it. Thread-safe."""

    def __init__(
        self, settings: LLMSettings, *, prompts: Path, llm: LLM | None = None, breaker: Breaker | None = None
    ) -> None:
        """Check the settings and the prompt; `llm` takes the place of the endpoint.

        Raises ConfigError for an endpoint that is no address, a key that is none or a package that is absent,
        PromptError for a prompt that does not fit.
        """
        if llm is None:
            models.check(settings)
        self._settings = settings
        self._llm = llm
        self._breaker = breaker or Breaker()
        self._template: PromptTemplate = load("answer", prompts)
        compares = (prompts / "comparison.txt").is_file()  # a folder of one's own may lack it
        self._comparison: PromptTemplate | None = load("comparison", prompts) if compares else None

    @property
    def name(self) -> str:
        return self._settings.model or (str(self._llm.metadata.model_name) if self._llm else "")

    @property
    def endpoint(self) -> str:
        """Where drafts come from, without any secret."""
        return (models.endpoint(self._settings) if self._llm is None else "") or self.name

    def fitting(self, question: str, hits: Sequence[Hit], *, sides: Sequence[str] = ()) -> list[Hit]:
        """Return the first hits, as many as are shown to the model: their numbers are 1, 2, … in a draft."""
        room = self._room()
        for count in range(min(len(hits), self._settings.passages), 0, -1):
            if len(self._prompt(question, hits[:count], sides).encode()) <= room:
                return list(hits[:count])
        return []

    def draft(self, question: str, hits: Sequence[Hit]) -> str:
        """Return what the model writes about `fitting(question, hits)`: never empty, not yet checked.

        A draft that was cut off ends with its last whole sentence. Raises LLMError where there is none.
        """
        *_, last = self.stream(question, hits)
        return last.text

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        *,
        sides: Sequence[str] = (),
        accepted: Callable[[], bool] | None = None,
    ) -> Iterator[Draft]:
        """Yield the draft as it grows, by whole sentences, the last one complete; close the iterator to end the model.

        With `sides`, it compares what each of them says; a line on a side of which no passage speaks is left out.

        Twice a second at least, what there is comes again, empty at first, so that the caller can stop. `accepted`
        says whether a sentence has been found to be supported yet; without it, the first whole one counts.
        Raises LLMError for a failure before a whole sentence, where none is accepted in time, and where the question
        leaves no room for a passage; later failures end the draft with a reason in its `cut`.
        """
        shown = self.fitting(question, hits, sides=sides)
        if not shown:
            what = "the question does not fit the model's window with a passage" if hits else "there is no passage"
            raise LLMError(
                f"{self.endpoint}: nothing was sent: {what}.", remedy="Ask shorter or raise llm.context_window."
            )
        drafts = self.written(self._prompt(question, shown, sides), accepted=accepted)
        return _of_sides(drafts, sides) if sides else drafts

    def written(self, prompt: str, *, accepted: Callable[[], bool] | None = None) -> Iterator[Draft]:
        """Yield what the model writes for a whole prompt of any kind, as `stream` does.

        It is not asked, and LLMError says so, while the breaker holds it for broken.
        """
        if closed := self._breaker.enter():
            raise LLMError(
                f"{self.endpoint}: failed {closed.failures} times in a row, at last so: {closed.last} "
                f"It is not asked again for {closed.seconds:.0f} s.",
                remedy="Run `rag doctor`.",
            )
        writing = Writing(self._settings, self._llm, self.endpoint, accepted)
        ended = False
        try:
            yield from writing.drafts(prompt)
            ended = True
        finally:  # also where the caller closes this
            if not ended:
                self._breaker.left()
            elif writing.failure and not writing.is_of_the_request:
                self._breaker.failed(writing.failure)
            else:
                self._breaker.succeeded()
        if writing.error:
            raise writing.error

    def _prompt(self, question: str, hits: Sequence[Hit], sides: Sequence[str]) -> str:
        passages = "\n\n".join(fenced(number, hit) for number, hit in enumerate(hits, start=1))
        given: dict[str, Any] = {"question": defused(question), "passages": passages, "not_found": DECLINED}
        if sides and self._comparison:
            return str(self._comparison.format(sides=named_sides(sides), **given))
        return str(self._template.format(**given))

    def _room(self) -> int:
        return (self._settings.context_window - self._settings.max_tokens - _RESERVE) * _BYTES_PER_TOKEN


def _of_sides(drafts: Iterator[Draft], sides: Sequence[str]) -> Iterator[Draft]:
    """A comparison as it grows, without the lines on sides that no passage speaks of."""
    with closing(drafts):  # type: ignore[type-var]
        for draft in drafts:
            yield replace(draft, text=without_silent(draft.text, sides)[0])
