"""One draft while it is written: its deadlines, its retry, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from collections.abc import Generator as Growing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag import models, troubles
from rag.config import LLMSettings
from rag.drafting import FILTERED, FULL, Reply, settled, whole_sentences
from rag.errors import LLMError
from rag.pump import Pump
from rag.wire import Trouble, Wire

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.llms import LLM

RETRIES = 1  # before anything was written, where that may help
PAUSE = 0.5  # seconds before a retry, where the server does not ask for more
BEAT = 0.5  # seconds after which whoever waits for a draft gets what there is once more, and may stop

_CHARACTERS_PER_TOKEN = 16  # a server that sends more of them has ignored the limit
_ENDLESS = "it wrote more than llm.max_tokens allows"
_CUTS = {FULL: "it reached llm.max_tokens or the end of its window", FILTERED: "its content filter stopped it"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Whole sentences that a model has written, not yet checked; `cut` says why it ends there before its end."""

    text: str
    cut: str = ""


class Writing:
    """One draft: its deadlines, its retry, and what became of it. `failure` is the endpoint's, in words."""

    def __init__(
        self, settings: LLMSettings, llm: LLM | None, endpoint: str, accepted: Callable[[], bool] | None
    ) -> None:
        self.failure = ""
        self.error: LLMError | None = None
        self.is_of_the_request = False
        self._settings, self._llm, self._endpoint, self._accepted = settings, llm, endpoint, accepted
        self._began = self._heard = 0.0  # when it was asked, and when something came last
        self._shown = Draft(text="")

    def drafts(self, prompt: str) -> Iterator[Draft]:
        for left in range(RETRIES, -1, -1):
            guard = models.wire(self._settings, tokens=self._settings.max_tokens, stream=self._settings.stream)
            reply = Reply()
            wrong = yield from self._asked(prompt, guard, reply)
            wait = None if wrong is None else self._wait(guard.trouble)
            if not left or wait is None:
                break
            yield from self._pause(wait)
        cut = self._cut(reply) if wrong is None else ""
        text = whole_sentences(reply.text[: self._most]) if wrong or cut else reply.text
        if wrong is None and not text:
            wrong = self._empty(reply)
        if wrong:
            self.failure, self.is_of_the_request = wrong[0], troubles.is_of_the_request(guard.trouble)
            if not text or self._is_overdue():
                self.error = LLMError(f"{self._endpoint}: {wrong[0]}", remedy=wrong[1])
                return
            cut = wrong[0].removesuffix(".")
        yield Draft(text=text, cut=cut)

    def _asked(self, prompt: str, guard: Wire, reply: Reply) -> Growing[Draft, None, tuple[str, str] | None]:
        """Ask once and follow the reply; return what went wrong, and the remedy."""
        pump = None
        try:
            made = None if self._llm else models.model(self._settings, guard)
            llm = made.llm if made else self._llm
            self._began = self._began or time.monotonic()
            pump = Pump(
                lambda: responses(llm, prompt, stream=self._settings.stream, close=made.close if made else None)
            )
            late = yield from self._follow(pump, reply)
            return late or (fault(pump.error, guard, self._settings) if pump.error else None)
        except Exception as error:  # whatever a client library raises, the caller hears of one kind of failure
            return fault(error, guard, self._settings)
        finally:
            guard.cut()
            if pump:
                pump.close()

    def _follow(self, pump: Pump[ChatResponse], reply: Reply) -> Growing[Draft, None, tuple[str, str] | None]:
        """Yield what may be shown, as it comes, until the end or a deadline, which is returned in words."""
        told = time.monotonic()
        while not pump.ended and len(reply.text) <= self._most:
            due, limit = self._due()
            if (now := time.monotonic()) >= due:
                return self._late(limit)
            came = pump.take(min(due - now, BEAT))
            for response in came:
                reply.add(response)
                self._heard = time.monotonic()
            text = self._settled(reply.text) if came else self._shown.text
            if text != self._shown.text or time.monotonic() >= told + BEAT:
                self._shown, told = Draft(text=text), time.monotonic()
                yield self._shown
        return None

    def _settled(self, text: str) -> str:
        shown = self._shown.text
        return shown + settled(text[len(shown) :]) if text.startswith(shown) else settled(text)

    def _due(self) -> tuple[float, str]:
        """When to stop waiting, and the setting that says so."""
        settings = self._settings
        due = [(self._began + settings.timeout, "timeout")]
        if self._heard:
            due.append((self._heard + settings.idle, "idle"))
        elif settings.stream:
            due.append((self._began + settings.first_token, "first_token"))
        if not self._is_accepted():
            due.append((self._began + settings.first_sentence, "first_sentence"))
        return min(due)

    def _is_accepted(self) -> bool:
        return self._accepted() if self._accepted else bool(self._shown.text)

    def _is_overdue(self) -> bool:
        """Whether nothing has been accepted in the time that there is for it."""
        return not self._is_accepted() and time.monotonic() >= self._began + self._settings.first_sentence

    def _late(self, limit: str) -> tuple[str, str]:
        seconds = f"{getattr(self._settings, limit):g} s."
        if not self._heard:
            what = f"no answer within {seconds}"
        elif limit == "idle":
            what = f"nothing more came for {seconds}"
        elif limit == "first_sentence":
            what = f"no {'supported' if self._shown.text else 'whole'} sentence came within {seconds}"
        else:
            what = f"was still writing after {seconds}"
        return what, f"Raise llm.{limit} or ask later."

    def _wait(self, trouble: Trouble | None) -> float | None:
        """Seconds before it is worth asking once more; None where it is not."""
        if self._heard or not troubles.passes(trouble):
            return None
        wait = PAUSE if trouble is None or trouble.wait is None else trouble.wait
        return wait if time.monotonic() + wait < self._began + self._settings.first_token else None

    def _pause(self, seconds: float) -> Iterator[Draft]:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(BEAT, left))
            yield self._shown

    @property
    def _most(self) -> int:
        return self._settings.max_tokens * _CHARACTERS_PER_TOKEN

    def _cut(self, reply: Reply) -> str:
        if len(reply.text) > self._most:
            return _ENDLESS
        if self._llm is None and not reply.finish:
            return "the stream ended before the model said that it was done"
        return _CUTS.get(reply.finish, "")

    def _empty(self, reply: Reply) -> tuple[str, str]:
        if reply.calls:
            return "answered with a call of a tool instead of text.", "Switch tools off at the server."
        if reply.text:
            return "stopped before the first whole sentence.", "Raise llm.max_tokens."
        if reply.finish in _CUTS:
            return f"answered with nothing: {_CUTS[reply.finish]}.", "Raise llm.max_tokens, or ask otherwise."
        return "answered with nothing.", "Ask again, or try another llm.model."


def fault(error: Exception, guard: Wire, settings: LLMSettings) -> tuple[str, str]:
    """What a call of a client library that failed means, in words, and the remedy."""
    key = models.secret(settings)
    if guard.trouble:
        return troubles.described(guard.trouble, key)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if any("Timeout" in kind for kind in kinds):
        return f"no answer within {settings.timeout:g} s.", "Raise llm.timeout or ask later."
    if kinds & {"APIError", "ResponseError"} and "APIResponseValidationError" not in kinds:
        said = troubles.quotable(str(getattr(error, "message", "") or getattr(error, "error", "")), key)
        return f"broke off with an error{': ' if said else ''}{said.rstrip('.')}.", "See the server's log."
    if guard.answered and isinstance(error, TypeError | ValueError | AttributeError | LookupError | AssertionError):
        return troubles.NOT_A_CHAT
    return f"failed ({type(error).__name__}).", "See the server's log."


def responses(llm: Any, prompt: str, *, stream: bool, close: Callable[[], None] | None) -> Iterator[ChatResponse]:
    """What the model answers, piece by piece or at once; gives its connections back at the end."""
    from llama_index.core.llms import ChatMessage, MessageRole

    message = ChatMessage(role=MessageRole.USER, content=prompt)
    try:
        if stream and _streams(type(llm)):
            yield from llm.stream_chat([message])
        else:
            yield llm.chat([message])
    finally:
        if close:
            close()


def _streams(kind: type) -> bool:
    """Whether a class of models streams: one that says anew how it answers, and not how it streams, does not."""
    first = next((one for one in kind.__mro__ if vars(one).keys() & {"chat", "stream_chat"}), kind)
    return "stream_chat" in vars(first)
