"""Every error that Footnote raises on purpose.

RagError
├── ConfigError          a setting is unknown, missing or out of range
├── DocumentError        one file cannot become a document
│   ├── UnsupportedFormat    no reader for this kind of file
│   ├── UnreadableDocument   damaged, wrongly encoded or not readable by this user
│   ├── EncryptedDocument    needs a password
│   └── EmptyDocument        holds no text
├── EncoderError         the model is absent, altered or unfit
├── ReaderError          the reader's weights are absent or altered
├── IndexFault           the index cannot serve
│   ├── IndexMissing         nothing has been indexed there
│   ├── IndexMismatch        built with another encoder or passage rule
│   ├── IndexLocked          another process is writing
│   └── IndexDamaged         the catalog does not pass its own checks
├── QuestionError        the question cannot be asked as it stands
├── PromptError          a prompt file is absent or its variables do not fit
├── LLMError             the language model's endpoint failed or answered nonsense
└── SuiteError           an evaluation suite does not hold together

A refusal to answer is a value (`Answer.abstained`), not an error.
"""

from __future__ import annotations


class RagError(Exception):
    """What was found, and what to do about it: `str(error)` is both in one line."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class ConfigError(RagError):
    pass


class DocumentError(RagError):
    """`path` names the file; `reason` says why it was rejected, without the path."""

    def __init__(self, path: str, reason: str, *, remedy: str = "") -> None:
        if remedy and not reason.endswith((".", "!", "?")):
            reason += "."
        super().__init__(f"{path}: {reason}", remedy=remedy)
        self.path = path
        self.reason = f"{reason} {remedy}".strip()


class UnsupportedFormat(DocumentError):
    pass


class UnreadableDocument(DocumentError):
    pass


class EncryptedDocument(DocumentError):
    pass


class EmptyDocument(DocumentError):
    pass


class EncoderError(RagError):
    pass


class ReaderError(RagError):
    pass


class IndexFault(RagError):
    """`folder` is the index concerned."""

    def __init__(self, folder: str, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{folder}: {message}", remedy=remedy)
        self.folder = folder


class IndexMissing(IndexFault):
    pass


class IndexMismatch(IndexFault):
    pass


class IndexLocked(IndexFault):
    pass


class IndexDamaged(IndexFault):
    pass


class QuestionError(RagError):
    pass


class PromptError(RagError):
    pass


class LLMError(RagError):
    pass


class SuiteError(RagError):
    pass
