"""The rows of a run as they come, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any


class Journal:
    """A file of JSON lines beside the results: first what is run, then each row with its seconds.

    Rows of another run (other questions, systems, settings, versions) are not taken up: the file is begun anew. Nor are
    failures: they are tried again. A last line that was cut off is left out. When the results are written, it goes.
    """

    def __init__(self, file: Path, about: dict[str, Any]) -> None:
        self.file = file
        self._about = json.dumps(about, sort_keys=True)
        self._rows: dict[str, dict[str, tuple[dict[str, Any], float]]] = {}
        lines = self._lines()
        if lines[:1] == [self._about]:
            for line in lines[1:]:
                try:
                    system, row, seconds = json.loads(line)
                except ValueError:
                    break
                if not row["error"]:
                    self._rows.setdefault(system, {})[row["id"]] = (row, seconds)
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_name(f"{file.name}.part")
        self._out = aside.open("w", encoding="ascii")
        self._write(self._about)
        for system, rows in self._rows.items():
            for row, seconds in rows.values():
                self.add(system, row, seconds)
        aside.replace(file)

    def rows(self, system: str) -> dict[str, tuple[dict[str, Any], float]]:
        """What an earlier run of the same found, by question id: the row and the seconds it took."""
        return self._rows.get(system, {})

    def add(self, system: str, row: dict[str, Any], seconds: float) -> None:
        self._write(json.dumps([system, row, seconds]))

    def remove(self) -> None:
        """The results are written: nothing is left to resume."""
        self._out.close()
        self.file.unlink(missing_ok=True)

    def _lines(self) -> list[str]:
        try:
            return self.file.read_text(encoding="ascii").split("\n")
        except (OSError, UnicodeDecodeError):
            return []

    def _write(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._out.close()
