"""What went wrong with an endpoint, in plain words, and what to do about it."""

from __future__ import annotations

from rag.prompts import defused
from rag.wire import LONGEST_LINE, Trouble

NOT_A_CHAT = (
    "sent something that is not a chat completion.",
    "Check llm.base_url and llm.provider; an OpenAI-compatible address usually ends in /v1.",
)
_WORDS = {
    "unreachable": ("cannot be reached.", "Start the server there, or correct llm.base_url."),
    "unknown": ("its name is not known on this network.", "Correct llm.base_url, or see to the network."),
    "insecure": ("no secure connection could be made.", "See to its certificate, or correct llm.base_url."),
    "broken": ("the connection broke.", "Ask again, or see the server's log."),
    "packed": ("answered with packed data, which nobody asked for.", "Switch compression off at the server."),
    "page": ("answered with a web page instead of a chat completion.", NOT_A_CHAT[1]),
    "whole": ("answered at once as a whole, not in a stream.", "Set llm.stream = false."),
    "line": (f"sent more than {LONGEST_LINE // 1024} KB at once.", "Check that it is a server for language models."),
    "flood": ("sent far more than llm.max_tokens allows.", "Check the server's settings, or lower llm.max_tokens."),
}
_PASSING = (408, 409, 429)


def passes(trouble: Trouble | None) -> bool:
    """Whether asking once more may help."""
    if trouble is None:
        return False
    return trouble.kind == "unreachable" or (trouble.kind == "status" and _is_passing(trouble.status))


def is_of_the_request(trouble: Trouble | None) -> bool:
    """Whether the endpoint works and refuses only what was asked, such as a prompt that is too long."""
    return trouble is not None and trouble.kind == "status" and trouble.status in (400, 413, 422)


def described(trouble: Trouble, key: str) -> tuple[str, str]:
    """What happened, as the end of a sentence that names the endpoint, and the remedy."""
    if trouble.kind != "status":
        return _WORDS[trouble.kind]
    what, remedy = _status(trouble.status, quotable(trouble.said, key))
    if trouble.wait is not None and _is_passing(trouble.status):
        what = f"{what.removesuffix('.')}, and asks to wait {trouble.wait:,.0f} s."
    return what, remedy


def quotable(said: str, key: str) -> str:
    """What the endpoint itself says, on one line; nothing where that may hold the key."""
    line = " ".join(defused(said).split())[:200]
    return "" if key and key[:6] in line else line


def _is_passing(status: int) -> bool:
    return status in _PASSING or status >= 500


def _status(status: int, said: str) -> tuple[str, str]:
    if status in (401, 403):
        return f"refused the key (HTTP {status}).", "Set llm.api_key, or RAG_LLM__API_KEY in the environment."
    if status == 404:
        remedy = "Check llm.model, and llm.base_url: an OpenAI-compatible one usually ends in /v1."
        return "knows no such path or model (HTTP 404).", remedy
    if status == 429:
        return "is busy, or the quota is spent (HTTP 429).", "Ask again later."
    if status in (408, 409):
        return f"was too busy to answer (HTTP {status}).", "Ask again later."
    if status < 400:
        return f"redirects elsewhere (HTTP {status}), which is not followed.", "Correct llm.base_url."
    if status < 500:
        said = f": {said}" if said else ""
        return f"refused the request (HTTP {status}){said.rstrip('.')}.", "Check the settings under [llm]."
    return f"failed (HTTP {status}).", "Ask again later, or see the server's log."
