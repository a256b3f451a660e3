"""Office files in which each structure holds a word of its own, and where a reader put it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

from rag.documents.extract import Extract, settled

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_LINKS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'

Links = dict[str, Iterable[tuple[str, str]]]  # of a part: kind and target of each, whose ids are r1, r2 …


def package(parts: dict[str, str | bytes], links: Links) -> bytes:
    """A package of parts and relationships; those of the package itself stand under ""."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        for name, content in parts.items():
            archive.writestr(name, content)
        for part, targets in links.items():
            folder, _, last = part.rpartition("/")
            found = "".join(
                f'<Relationship Id="r{number}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>'
                for number, (kind, target) in enumerate(targets, start=1)
            )
            archive.writestr(f"{folder}/_rels/{last}.rels".lstrip("/"), _LINKS.format(found))
    return stream.getvalue()


def places(extract: Extract, word: str) -> list[str]:
    """The parts in which a word stands, "" for the body; "member NAME" and "gap" where it is there."""
    extract = settled(extract)
    found = []
    position = extract.text.find(word)
    while position >= 0:
        found.append(next((name for offset, name in reversed(extract.parts) if offset <= position), ""))
        position = extract.text.find(word, position + 1)
    for member in extract.members:
        content = member.content.text.encode() if isinstance(member.content, Extract) else member.content
        found += [f"member {member.name}"] * (word.encode() in content)
    return found + ["gap" for gap in extract.gaps if word in gap]


def headings(extract: Extract) -> list[str]:
    extract = settled(extract)
    return [extract.text[start:end] for start, end in extract.headings]


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    """The archive with some text of a part replaced."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            if name == part:
                assert old.encode() in content, f"{part} holds no {old}"
                content = content.replace(old.encode(), new.encode())
            after.writestr(name, content)
    return stream.getvalue()
