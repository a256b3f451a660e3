"""One tree of settings: defaults, then `rag.toml`, then RAG_* environment; unknown keys are refused."""

from __future__ import annotations

import hashlib
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from rag.errors import ConfigError

FILE = "rag.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DocumentSettings(_Section):
    seconds: int = Field(30, ge=1, description="longest that reading one file may take; then it is rejected")
    megabytes: int = Field(1024, ge=256, description="most memory that reading one file may take; then it is rejected")


class EncoderSettings(_Section):
    model: str = Field("", description="name or folder of a sentence-transformers model; empty: the bundled MiniLM")
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 where the CPU has it")
    batch_size: int = Field(32, ge=1, le=2048, description="texts embedded at once")


class PassageSettings(_Section):
    pieces: int = Field(0, ge=0, description="word pieces of text in a passage at most; 0: what the window leaves")


class RetrievalSettings(_Section):
    candidates: int = Field(60, ge=1, description="passages taken from each of the dense and lexical searches")
    read: int = Field(12, ge=1, description="best fused passages that the reader reads")


class ReaderSettings(_Section):
    threshold: float | None = Field(None, ge=0, le=1, description="least confidence to answer; unset: the calibrated")
    statements: int = Field(3, ge=1, description="statements of an answer at most")


class LLMSettings(_Section):
    provider: Literal["openai", "ollama", "anthropic"] = Field(
        "openai", description="openai: any OpenAI-compatible endpoint; ollama and anthropic: their own protocols"
    )
    model: str = Field("", description="model name at the endpoint; empty: no language model is used")
    base_url: str = Field(
        "", description="its address, such as http://127.0.0.1:8000/v1; ollama and anthropic have one of their own"
    )
    api_key: SecretStr = Field(SecretStr(""), description="sent to base_url only; never logged or exported")
    timeout: float = Field(60.0, gt=0, description="seconds for the whole answer")
    first_token: float = Field(15.0, gt=0, description="seconds until the model begins to write")
    first_sentence: float = Field(25.0, gt=0, description="seconds until a first sentence is found to be supported")
    idle: float = Field(10.0, gt=0, description="longest pause between two tokens, in seconds")
    stream: bool = Field(True, description="false: for an endpoint that sends its answer only as a whole")
    max_tokens: int = Field(600, ge=16, description="longest draft")
    context_window: int = Field(8192, ge=512, description="tokens that the model takes")
    passages: int = Field(8, ge=1, description="passages shown to the model")


class ChatSettings(_Section):
    host: str = Field("127.0.0.1", description="address to serve on; one that other machines reach needs a password")
    port: int = Field(7860, ge=0, le=65535, description="port to serve on; 0: any free one")
    auth: SecretStr = Field(SecretStr(""), description="name:password of who may log in; empty: nobody is asked")
    url: str = Field("", description="address behind a reverse proxy, such as https://example.org/footnote")
    collections: str = Field("", description="folder whose indexes can be switched between; empty: see `rag chat`")
    waiting: int = Field(100, ge=1, description="most questions that wait for an answer; to others the chat is busy")
    max_upload_mb: int = Field(50, ge=1, description="most that can be uploaded at once")


class Config(BaseSettings):
    """All settings. `Config.load()` reads them; `Config(...)` takes them as given plus defaults."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="RAG_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    documents: DocumentSettings = DocumentSettings()
    encoder: EncoderSettings = EncoderSettings()
    passages: PassageSettings = PassageSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    reader: ReaderSettings = ReaderSettings()
    llm: LLMSettings = LLMSettings()
    chat: ChatSettings = ChatSettings()
    prompts: Path = Field(Path(__file__).parent.parent / "prompts", description="folder of prompt files")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # `load` reads the environment: a Config that is built takes no other values

    @classmethod
    def load(cls, path: str | Path | None = None) -> Config:
        """Read `path` (default `rag.toml` here, if there is one) and RAG_* variables, which win.

        Raises ConfigError that names the file or variable, the key and the remedy.
        """
        file = Path(path or FILE)
        if path and not file.is_file():
            raise ConfigError(f"no configuration file at {file}.", remedy="Give the path of an existing rag.toml.")
        known = sorted(cls.model_fields)
        variables = {name.upper() for name in os.environ if name.upper().startswith("RAG_")}
        for name in sorted(variables):
            if name[4:].split("__")[0].lower() not in known:
                remedy = f"Known: {', '.join(f'RAG_{key.upper()}' for key in known)}."
                raise ConfigError(f"unknown setting in the environment: {name}.", remedy=remedy)
        written = _toml(file) if file.is_file() else {}
        for key in written:
            if key not in known:
                raise ConfigError(f"{file}: unknown setting {key}.", remedy=f"Known: {', '.join(known)}.")
        try:
            return cls(**_merged(written, EnvSettingsSource(cls)()))
        except ValidationError as error:
            first = error.errors()[0]
            parts = [str(part) for part in first["loc"]]
            if first["type"] == "extra_forbidden" and len(parts) == 2:
                known_here = ", ".join(sorted(type(getattr(cls(), parts[0])).model_fields))
                first["msg"] = f"unknown setting; known: {known_here}"
            variable = "RAG_" + "__".join(parts).upper()
            raise ConfigError(
                f"{variable if variable in variables else file}: {'.'.join(parts)}: {first['msg']}.",
                remedy="See the settings listed in README.md.",
            ) from None
        except SettingsError as error:
            raise ConfigError(f"RAG_* environment: {error}.", remedy="Write one variable for each setting.") from None

    def digest(self) -> str:
        """Twelve hex digits that change whenever a setting or a prompt that shapes answers does; none of a secret."""
        shaping: dict[str, Any] = self.model_dump(
            mode="json", exclude={"chat": True, "documents": True, "prompts": True, "llm": {"api_key"}}
        )
        if self.llm.model:  # what the prompts say, not where they lie
            files = sorted(file for file in self.prompts.glob("*") if file.is_file())
            shaping["prompts"] = [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]
        return hashlib.sha256(repr(sorted(shaping.items())).encode()).hexdigest()[:12]


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.", remedy="Check its permissions.") from None
    except ValueError as error:
        raise ConfigError(f"{file}: {error}.", remedy="Correct the TOML syntax.") from None


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Settings of both, section by section; where both name one, that of `above`."""
    whole = below | above
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            whole[key] = below[key] | above[key]
    return whole
