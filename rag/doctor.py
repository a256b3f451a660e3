"""Whether everything is there that answers need, in words for people who have just set it up. Changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rag.config import Config, EncoderSettings
from rag.errors import RagError

State = Literal["fine", "note", "missing"]

HOW_TO = (
    'Answers need none. To use one, write in rag.toml: [llm], model = "NAME" and base_url = "http://127.0.0.1:8000/v1" '
    '(any OpenAI-compatible server), or provider = "ollama".'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: what was found, and what to do where it is missing."""

    subject: str
    state: State
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All findings; `model` holds what is known of the language model, where one is configured."""

    findings: tuple[Finding, ...]
    model: dict[str, Any]

    @property
    def ok(self) -> bool:
        return all(finding.state != "missing" for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, "findings": [asdict(finding) for finding in self.findings], "model": self.model}


def examine(config: Config) -> Diagnosis:
    """Look at everything. Connects only to the language model's endpoint, where one is configured."""
    from rag import model_check

    findings = [_encoder(config.encoder), _reader(), _checker(), _prompts(config.prompts), _tesseract()]
    if not config.llm.model:
        findings.append(Finding(subject="language model", state="fine", says="none is configured.", remedy=HOW_TO))
        return Diagnosis(findings=tuple(findings), model={})
    found, known = model_check.examine(config.llm)
    return Diagnosis(findings=(*findings, *found), model=known)


def told(diagnosis: Diagnosis) -> str:
    """The findings as lines for a terminal."""
    return "\n".join(_lines(diagnosis))


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    for finding in diagnosis.findings:
        state = finding.state.upper() if finding.state == "missing" else finding.state
        yield f"{state:<8} {finding.subject}: {finding.says}"
        if finding.remedy:
            yield f"{'':<8} {finding.remedy}"
    missing = sum(finding.state == "missing" for finding in diagnosis.findings)
    yield ""
    yield (
        "Everything that is needed is there."
        if not missing
        else f"{missing} thing{'s' * (missing > 1)} missing: see above."
    )


def _encoder(settings: EncoderSettings) -> Finding:
    from rag.encoder import Encoder, bundled

    try:
        if settings.model:
            digest = Encoder.from_settings(settings).digest
            return Finding(subject="encoder", state="fine", says=f"{settings.model} can be loaded ({digest[:12]}).")
        bundled()
    except RagError as error:
        return _missing("encoder", error)
    return Finding(subject="encoder", state="fine", says="its weights are there, and are the published ones (SHA-256).")


def _reader() -> Finding:
    from rag.network import PINNED, WEIGHTS

    return _weights("reader", WEIGHTS, PINNED)


def _checker() -> Finding:
    from rag.support_network import PINNED, TRAINED

    return _weights("support checker", TRAINED, PINNED)


def _weights(subject: str, file: Path, pinned: str) -> Finding:
    """Whether a network's weights are there, and those that are pinned."""
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        says = f"its weights cannot be read at {file}: {error.strerror}."
        return Finding(subject=subject, state="missing", says=says, remedy="Run `make install`.")
    if found != pinned:
        says = f"{file.name} is not the one that belongs here (SHA-256 {found})."
        return Finding(subject=subject, state="missing", says=says, remedy="Check it out anew.")
    return Finding(subject=subject, state="fine", says="its weights are there, and are the right ones (SHA-256).")


def _prompts(folder: Path) -> Finding:
    from rag.prompts import VARIABLES, load

    try:
        for name in VARIABLES:
            load(name, folder)
    except RagError as error:
        return _missing("prompts", error)
    return Finding(subject="prompts", state="fine", says=f"{', '.join(sorted(VARIABLES))} can be read in {folder}.")


def _tesseract() -> Finding:
    from rag.documents.ocr import program

    if where := program():
        return Finding(subject="scanned pages", state="fine", says=f"are read by {where}.")
    return Finding(
        subject="scanned pages", state="note", says="are listed as gaps, since Tesseract is not installed.",
        remedy="To have them read: apt-get install tesseract-ocr, or see tesseract-ocr.github.io.",
    )  # fmt: skip


def _missing(subject: str, error: RagError) -> Finding:
    return Finding(subject=subject, state="missing", says=error.message, remedy=error.remedy)
