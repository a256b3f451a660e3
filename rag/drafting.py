"""A reply as it grows: its text without thoughts, why it ended, and how far it consists of whole sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rag.sentences import sentences

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse

FULL, FILTERED = "length", "content_filter"

_FOLLOWING = 5  # words of the next sentence after which the one before no longer changes: “Why?” Ana Silva asked
_THOUGHTS = re.compile(r"\A(?:\s*<think>)?(?:(?!</?think>).)*</think>|\A\s*<think>.*\Z", re.DOTALL)
_MARK = re.compile(r"[^\S\n]*[\[【][^\[\]【】\n]{0,40}(?:[\]】]|\Z)")
_QUOTES = r"[\"'”’»)]*"
_ENDED = re.compile(  # a last "3." may have been 3.5
    rf"(?<!\d)[.!?…]{_QUOTES}\Z|[.!?…]{_QUOTES}(?:\s*[\[【][\d,;–\s-]+[\]】])+\Z|[\]】][.!?…]{_QUOTES}\Z"
)
_REASONS = {"length": FULL, "max_tokens": FULL, "model_context_window_exceeded": FULL}
_REASONS |= {"content_filter": FILTERED, "refusal": FILTERED}


class Reply:
    """What a model has sent so far; `finish` is why it ended, where it has said so."""

    def __init__(self) -> None:
        self.finish = ""
        self.calls = False  # it called a tool
        self._raw = ""

    def add(self, response: ChatResponse) -> None:
        whole = response.message.content or ""
        self._raw = whole if response.delta is None else self._raw + response.delta
        self.calls = self.calls or any(block.block_type == "tool_call" for block in response.message.blocks)
        self.finish = _finish(response) or self.finish

    @property
    def text(self) -> str:
        return (_THOUGHTS.sub("", self._raw) if "think>" in self._raw else self._raw).strip()


def settled(text: str) -> str:
    """The text up to the end of the last sentence that nothing can change which is still to come.

    Marks such as [1] belong to the sentence that they stand behind.
    """
    bare, places = _without_marks(text)
    line = bare.rfind("\n") + 1
    found = sentences(bare[line:])
    while found and len(bare[line + found[-1][0] :].split()) < _FOLLOWING:
        found.pop()
    start = line + (found[-1][0] if found else 0)
    return text[: places[start]].rstrip() if bare[:start].strip() else ""


def whole_sentences(text: str) -> str:
    """A text that was cut off, up to the end of its last whole sentence."""
    text = text.rstrip()
    if _ENDED.search(text):
        return text
    bare, places = _without_marks(text)
    line = bare.rfind("\n") + 1
    found = sentences(bare[line:])
    start = line + (found[-1][0] if found else 0)
    kept = text[: places[start]].rstrip()
    return kept if start == line or _ENDED.search(kept) else whole_sentences(kept)


def _without_marks(text: str) -> tuple[str, list[int]]:
    """The text as sentences are found in it, and where in the given one each of its characters stands."""
    bare, position = "", 0
    places: list[int] = []
    for match in _MARK.finditer(text):
        bare += text[position : match.start()]
        places += range(position, match.start())
        position = match.end()
    return bare + text[position:], [*places, *range(position, len(text) + 1)]


def _finish(response: Any) -> str:
    """Why the model stopped, in the words of any provider, or empty."""
    raw, more = response.raw, response.message.additional_kwargs
    choices = _of(raw, "choices")
    given = _of(choices[0], "finish_reason") if choices else ""
    given = given or _of(raw, "done_reason") or _of(raw, "stop_reason") or _of(more, "stop_reason")
    return _REASONS.get(str(given), str(given)) if given else ""


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)
