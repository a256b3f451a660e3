"""The chat under a small load, as `make load` measures it under a large one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval import chat_load


def test_two_tabs_are_answered_beside_each_other_without_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    out = tmp_path / "load.json"
    assert chat_load.main(["--sessions", "2", "--questions", "4", "--json", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert json.loads(capfd.readouterr().out) == found
    for run in ("at_once", "one_by_one"):
        assert (found[run]["questions"], found[run]["errors"], found[run]["error_messages"]) == (4, 0, [])
        first, whole = (found[run][name] for name in ("first_sentence_seconds", "whole_answer_seconds"))
        assert 0 < first["p50"] <= whole["max"]
    assert [one["after"] for one in found["server_memory_mib"]] == [
        "warming up", "4 questions at once", "4 more, one by one",
    ]  # fmt: skip


def test_a_question_that_fails_is_counted_and_named() -> None:
    taken = [chat_load.Taken(first=1.0, whole=2.0), chat_load.Taken(error="RuntimeError: 503 busy")]
    figures = chat_load.told(taken, 4.0)
    assert (figures["questions"], figures["errors"], figures["error_messages"]) == (2, 1, ["RuntimeError: 503 busy"])
    assert figures["whole_answer_seconds"] == {"p50": 2.0, "p95": 2.0, "max": 2.0}
    assert figures["questions_per_second"] == 0.25
