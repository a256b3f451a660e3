"""Outlook items: made by a small writer of compound files, and real ones."""

from __future__ import annotations

import struct
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from compound import Compound, Tree

from rag.documents import lzfu
from rag.documents.extract import Extract, Rejected
from rag.documents.outlook import read

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"


def item(values: dict[int, Any], *, offset: int = 32, **more: Any) -> Tree:
    """A message, recipient or attachment of these properties."""
    tree: Tree = {}
    table = bytes(offset)
    for pid, value in values.items():
        kind = {str: 0x1F, bytes: 0x102, int: 3, float: 0x40}[type(value)]
        fixed = bytes(8)
        if isinstance(value, str):
            tree[f"__substg1.0_{pid:04X}001F"] = value.encode("utf-16-le")
        elif isinstance(value, bytes):
            tree[f"__substg1.0_{pid:04X}0102"] = value
        else:
            fixed = struct.pack("<Q", int(value))
        table += struct.pack("<HHI8s", kind, pid, 6, fixed)
    return {**tree, "__properties_version1.0": table, **more}


def msg(values: dict[int, Any], *inner: Tree, receivers: tuple[Tree, ...] = (), **more: Any) -> bytes:
    tree = item(values, **more)
    tree |= {f"__attach_version1.0_#{number:08X}": one for number, one in enumerate(inner)}
    tree |= {f"__recip_version1.0_#{number:08X}": one for number, one in enumerate(receivers)}
    return Compound(tree).data()


def ticks(date: str) -> float:
    """A point in time as Outlook counts it; a float marks it as one here, and is exact to the second."""
    return float((int(parsedate_to_datetime(date).timestamp()) + 11_644_473_600) * 10_000_000)


def attached(values: dict[int, Any], **more: Any) -> Tree:
    return item(values, offset=8, **more)


SENT = "Wed, 12 Mar 2025 10:15:00 +0000"
NOTE = {
    0x001A: "IPM.Note",
    0x0037: "Talks in Riyadh",
    0x0042: "Anna Smith",
    0x0C1F: "anna@example.org",
    0x0039: ticks(SENT),
}
OMAR = item({0x3001: "Omar Haddad", 0x39FE: "omar@example.org", 0x0C15: 1}, offset=8)
KARI = item({0x3001: "Kari", 0x3003: "/O=EX/CN=KARI", 0x0C15: 2}, offset=8)


def test_a_mail_of_outlook_reads_like_any_other() -> None:
    extract = read(msg({**NOTE, 0x1000: "They met.\r\n\r\n> Who?\r\n"}, receivers=(OMAR, KARI)))
    assert extract.text.split("\n\n") == [
        "Talks in Riyadh",
        "From: Anna Smith <anna@example.org>",
        "To: Omar Haddad <omar@example.org>",
        "Cc: Kari",
        f"Date: {SENT}",
        "They met.",
        "Who?",
    ]
    assert (extract.title, extract.author, extract.date) == ("Talks in Riyadh", "Anna Smith", "2025-03-12")
    assert [name for _, name in extract.parts] == ["message", "quoted mail"]


def test_the_day_is_the_sender_s_own_where_the_mail_kept_its_head() -> None:
    head = "Received: x\r\nDate: Tue, 11 Mar 2025 23:15:00 -1100\r\n\r\n"
    extract = read(msg({**NOTE, 0x007D: head, 0x1000: "They met."}))
    assert extract.date == "2025-03-11"
    assert "Date: Tue, 11 Mar 2025 23:15:00 -1100" in extract.text


def test_a_body_in_html_alone_is_read() -> None:
    values = {**NOTE, 0x3FDE: 1251, 0x1013: "<p>Переговоры начались.</p><p>Дата не названа.</p>".encode("cp1251")}
    assert read(msg(values)).text.endswith("Переговоры начались.\n\nДата не названа.")


@pytest.mark.parametrize(
    "rtf",
    [
        rb"{\rtf1\ansi They met.\par No date.\par}",
        rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}They met.{\*\htmltag72 </p>}{\*\htmltag64 <p>}No date.}",
    ],
)
def test_a_body_in_rich_text_alone_is_read(rtf: bytes) -> None:
    compressed = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    text = read(msg({**NOTE, 0x1009: compressed})).text
    assert [line for line in text.split("\n") if line][-2:] == ["They met.", "No date."]


def test_rich_text_that_cannot_be_expanded_is_a_gap() -> None:
    extract = read(msg({**NOTE, 0x1009: b"\x10\0\0\0\x10\0\0\0ZZZZ\0\0\0\0abcd"}))
    assert extract.gaps == ("its body is not read: it is compressed in an unknown way",)


def test_what_is_attached_to_a_mail_is_a_document_or_a_gap() -> None:
    inner = item({0x001A: "IPM.Note", 0x0037: "Oats / rye", 0x0042: "Kari", 0x1000: "Millet."}, offset=24)
    extract = read(
        msg(
            {**NOTE, 0x1000: "They met."},
            attached({0x3707: "wheat.txt", 0x3701: b"wheat", 0x3705: 1}),
            attached({0x3001: "Oats", 0x3705: 5}, **{"__substg1.0_3701000D": inner}),
            attached({0x3707: "logo.png", 0x370E: "image/png", 0x3701: b"x", 0x3705: 1}),
            attached({0x3704: "far.txt", 0x3705: 4}),
            attached({0x3707: "smime.p7m", 0x3701: b"x", 0x3705: 1}),
        )
    )
    assert [member.name for member in extract.members] == ["wheat.txt", "Oats rye.msg"]
    assert extract.members[0].content == b"wheat"
    mail = extract.members[1].content
    assert isinstance(mail, Extract)
    assert mail.text == "Oats / rye\n\nFrom: Kari\n\nMillet."
    assert extract.gaps == (
        "image not read: logo.png",
        "attachment not read: far.txt",
        "encrypted or signed content not read: smime.p7m",
    )
    assert "Attachments: wheat.txt, Oats rye.msg" in extract.text


def test_place_and_time_of_an_appointment_are_read() -> None:
    names = b"".join(struct.pack("<IHH", lid, 6, place) for place, lid in enumerate((0x8208, 0x820D, 0x820E)))
    values = {**NOTE, 0x001A: "IPM.Appointment", 0x8000: "Hall 3", 0x8001: ticks(SENT), 0x1000: "On grain."}
    extract = read(msg(values, **{"__nameid_version1.0": {"__substg1.0_00030102": names}}))
    assert extract.text.split("\n\n")[-3:] == ["Location: Hall 3", f"Start: {SENT}", "On grain."]


def test_a_contact_is_its_fields() -> None:
    values = {0x001A: "IPM.Contact", 0x0037: "Anna Smith", 0x3A16: "Acme", 0x3A17: "Envoy", 0x3A08: "123"}
    extract = read(msg(values))
    assert extract.text == "Anna Smith\n\nCompany: Acme\n\nJob title: Envoy\n\nBusiness telephone: 123"
    assert extract.author is None


@pytest.mark.parametrize("data", [b"no compound file", b""])
def test_what_is_no_outlook_item_is_rejected(data: bytes) -> None:
    with pytest.raises(Rejected, match="no Outlook item"):
        read(data)


def test_rich_text_is_expanded_as_the_specification_shows() -> None:
    # [MS-OXRTFCP] 4.1.1 and 4.1.2: a plain example, and one whose references read what they write.
    first = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert lzfu.rich_text(first) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert lzfu.rich_text(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@pytest.mark.skipif(not FILES.is_dir(), reason="the shared data is not here")
def test_rich_text_of_real_mails_says_what_their_plain_bodies_say() -> None:
    from oxmsg import Message
    from striprtf.striprtf import rtf_to_text

    read_files = 0
    for path in sorted(FILES.rglob("*.msg")):
        message = Message.load(str(path))
        rich = rtf_to_text(lzfu.rich_text(message.properties.binary_prop_value(0x1009) or b"").decode("latin-1"))
        letters = "".join(filter(str.isalnum, rich))
        assert letters == "".join(filter(str.isalnum, message.body or "")), path.name
        assert all(word in read(path.read_bytes()).text for word in (message.body or "").split()), path.name
        read_files += 1
    assert read_files == 5
