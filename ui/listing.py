"""The documents side of the page as inert HTML: what is indexed, and what became of files that were added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from rag.types import IndexedDocument, UpdateReport
from ui.render import inert

_LISTED = 200  # documents named in the list


def invitation(megabytes: int) -> str:
    return (
        f'<div class="fn-invitation"><h2>Add documents</h2><p class="fn-note">Up to {megabytes} MB at once.</p></div>'
    )


def report(made: UpdateReport) -> str:
    """Return what became of every uploaded file."""
    groups = [
        ("Added", [(path, "") for path in made.added]),
        ("Updated", [(path, "") for path in made.updated]),
        ("Unchanged", [(path, "") for path in made.unchanged]),
        ("Rejected", list(made.rejected)),
        ("Not reached", [(path, "") for path in made.pending]),
        ("Could not be read in part", list(made.gaps)),
    ]
    return f'<div class="fn-report" role="status">{"".join(_group(name, rows) for name, rows in groups if rows)}</div>'


def documents(indexed: Iterable[IndexedDocument]) -> str:
    listed = sorted(indexed, key=lambda document: (document.title.casefold(), document.path))
    if not listed:
        return '<div class="fn-documents"><p class="fn-empty">No documents yet. Add some to ask about.</p></div>'
    items = "".join(
        f'<li><bdi>{inert(d.title)}</bdi> <span class="fn-where">{_where(d)}</span></li>' for d in listed[:_LISTED]
    )
    more = f'<p class="fn-note">and {len(listed) - _LISTED:,} more</p>' if len(listed) > _LISTED else ""
    return f'<div class="fn-documents"><p>{count(len(listed))}</p><ul>{items}</ul>{more}</div>'


def count(number: int) -> str:
    return f"{number:,} document{'' if number == 1 else 's'}"


def _where(given: IndexedDocument) -> str:
    known = [f"<bdi>{inert(part)}</bdi>" for part in (given.outlet, given.date) if part]
    return " · ".join([*known, f'<bdi class="fn-path">{inert(given.path)}</bdi>'])


def _group(name: str, rows: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f"<li><bdi>{inert(PurePath(path).name)}</bdi>{': ' + inert(reason) if reason else ''}</li>"
        for path, reason in rows
    )
    return f'<p class="fn-group">{name}: {len(rows):,}</p><ul>{items}</ul>'
