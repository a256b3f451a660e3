"""Settings: where they come from, which of them win, and what is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from rag.config import Config, LLMSettings, ReaderSettings, RetrievalSettings
from rag.errors import ConfigError

Written = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those of the test."""
    import os

    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("RAG_"):
            monkeypatch.delenv(name)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str) -> Path:
        path = tmp_path / "rag.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_without_a_file_or_variables_the_defaults_hold() -> None:
    config = Config.load()
    assert config == Config()
    assert (config.encoder.model, config.encoder.precision, config.reader.threshold) == ("", "auto", None)
    assert (config.llm.model, config.llm.base_url, config.chat.host) == ("", "", "127.0.0.1")


def test_a_variable_wins_over_the_file_and_the_file_over_the_default(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("[retrieval]\ncandidates = 30\nread = 5\n[reader]\nstatements = 2\n")
    monkeypatch.setenv("RAG_RETRIEVAL__READ", "7")
    monkeypatch.setenv("RAG_CHAT__PORT", "0")
    config = Config.load()
    assert (config.retrieval.candidates, config.retrieval.read) == (30, 7)
    assert (config.reader.statements, config.chat.port, config.encoder.batch_size) == (2, 0, 32)


def test_a_config_that_is_built_does_not_look_around(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    written("[retrieval]\nread = 5\n")
    monkeypatch.setenv("RAG_RETRIEVAL__READ", "7")
    monkeypatch.setenv("RAG_LLM__API_KEY", "from-outside")
    assert Config().retrieval == RetrievalSettings()
    assert Config().llm.api_key.get_secret_value() == ""


def test_a_file_is_read_from_the_path_given(tmp_path: Path, written: Written) -> None:
    written("[retrieval]\nread = 5\n")
    other = tmp_path / "other.toml"
    other.write_text("[retrieval]\nread = 6\n")
    assert Config.load(other).retrieval.read == 6
    with pytest.raises(ConfigError, match=r"no configuration file at .*missing\.toml"):
        Config.load(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[retreival]\nread = 5\n", r"rag\.toml: unknown setting retreival\. Known: chat, documents, encoder, llm"),
        ("[retrieval]\nreed = 5\n", r"rag\.toml: retrieval\.reed: "),
        ("[reader]\nthreshhold = 0.5\n", r"reader\.threshhold: unknown setting; known: statements, threshold\."),
        ("_env_prefix = 'X_'\n", r"rag\.toml: unknown setting _env_prefix"),
        ("[retrieval]\nread = 0\n", r"rag\.toml: retrieval\.read: .*greater than or equal to 1"),
        ("[encoder]\nbatch_size = 5000\n", r"rag\.toml: encoder\.batch_size: .*2048"),
        ("retrieval = 3\n", r"rag\.toml: retrieval: "),
        ("[retrieval\n", r"rag\.toml: .*Correct the TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_refused_by_name(written: Written, text: str, found: str) -> None:
    written(text)
    with pytest.raises(ConfigError, match=found):
        Config.load()


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rag.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"rag\.toml: .*codec"):
        Config.load()


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("RAG_RETREIVAL__READ", "5", r"environment: RAG_RETREIVAL__READ\. Known: RAG_CHAT, RAG_DOCUMENTS, RAG_ENCODER"),
        ("RAG_RETRIEVAL__REED", "5", r"^RAG_RETRIEVAL__REED: retrieval\.reed: "),
        ("RAG_READER__THRESHOLD", "1.5", r"^RAG_READER__THRESHOLD: reader\.threshold: "),
        ("rag_reader__threshold", "high", r"^RAG_READER__THRESHOLD: reader\.threshold: "),
        ("RAG_READER", "{", r"RAG_\* environment"),
    ],
)
def test_what_is_wrong_in_the_environment_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, found: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=found):
        Config.load()


def test_unknown_keys_and_changes_are_refused_in_code_too() -> None:
    with pytest.raises(ValidationError):
        Config(retreival={})  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Config().reader = ReaderSettings()  # type: ignore[misc]


def test_the_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_LLM__API_KEY", "sk-secret")
    config = Config.load()
    assert config.llm.api_key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in repr(config) + str(config) + config.model_dump_json() + str(config.model_dump())


def test_the_password_of_the_chat_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_CHAT__AUTH", "anna:pass-secret")
    config = Config.load()
    assert config.chat.auth.get_secret_value() == "anna:pass-secret"
    assert "pass-secret" not in repr(config) + str(config) + config.model_dump_json() + str(config.model_dump())
    assert config.digest() == Config().digest()


def test_a_wrong_setting_beside_the_key_does_not_show_it(written: Written) -> None:
    written('[llm]\napi_key = "sk-secret"\ntimeout = -1\n')
    with pytest.raises(ConfigError, match=r"llm\.timeout") as caught:
        Config.load()
    assert "sk-secret" not in str(caught.value)


SHAPING: list[dict[str, Any]] = [
    {"encoder": {"model": "other"}},
    {"passages": {"pieces": 64}},
    {"retrieval": {"read": 5}},
    {"reader": {"threshold": 0.5}},
    {"reader": {"statements": 1}},
    {"llm": {"model": "some-model"}},
    {"llm": {"base_url": "http://127.0.0.1:8000/v1"}},
]


def test_the_digest_changes_with_each_setting_that_shapes_answers() -> None:
    digests = [Config().digest(), *(Config(**given).digest() for given in SHAPING)]
    assert len(set(digests)) == len(digests)
    assert all(len(digest) == 12 and int(digest, 16) >= 0 for digest in digests)
    assert Config().digest() == Config().digest()


def test_the_digest_does_not_change_with_the_key_the_chat_or_the_limits_of_reading(tmp_path: Path) -> None:
    keyed = LLMSettings(api_key="sk-secret")  # type: ignore[arg-type]
    assert Config(llm=keyed).digest() == Config().digest()
    assert Config(documents={"seconds": 5}).digest() == Config().digest()  # type: ignore[arg-type]
    assert Config(chat={"port": 1}, prompts=tmp_path).digest() == Config().digest()  # type: ignore[arg-type]


def test_the_digest_changes_with_what_a_prompt_says_and_not_with_its_place(tmp_path: Path) -> None:
    def digest(folder: str, prompt: str) -> str:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "answer.md").write_text(prompt)
        return Config(llm={"model": "m"}, prompts=tmp_path / folder).digest()  # type: ignore[arg-type]

    assert digest("a", "Answer.") == digest("b", "Answer.") != digest("c", "Answer briefly.")


def test_every_setting_says_what_it_is_for() -> None:
    sections = [field.annotation for field in Config.model_fields.values()]
    described = [section for section in sections if isinstance(section, type) and issubclass(section, BaseModel)]
    assert len(described) == 7
    assert all(field.description for section in described for field in section.model_fields.values())
