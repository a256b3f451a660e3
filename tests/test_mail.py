"""Mails and mailboxes: who wrote what to whom and when, and nothing of them lost without a word."""

from __future__ import annotations

import io
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from rag import documents
from rag.documents import Loaded
from rag.documents.extract import Extract, Rejected
from rag.documents.mail import read_eml, read_mbox
from rag.documents.text import read as read_text

FILES = Path(__file__).parents[2] / "shared" / "data" / "files"

HEAD = """From: =?utf-8?q?Anna_=C5=A0mith?= <anna@example.org>
To: "Haddad, Omar" <omar@example.org>, press@example.org
Cc: Kari <kari@example.org>
Date: Wed, 12 Mar 2025 23:30:00 -0500
Subject: =?utf-8?b?VGFsa3MgaW4g?= =?utf-8?b?Uml5YWRo?=
"""


def eml(body: str, head: str = HEAD, kind: str = "text/plain; charset=utf-8") -> Extract:
    return read_eml(f"{head}Content-Type: {kind}\n\n{body}".encode())


def parts(kind: str, *inner: str) -> str:
    return (
        f'Content-Type: {kind}; boundary="b-{kind}"\n\n'
        + "".join(f"--b-{kind}\n{one}\n" for one in inner)
        + f"--b-{kind}--\n"
    )


def leaf(kind: str, body: str, more: str = "") -> str:
    return f"Content-Type: {kind}\n{more}\n{body}"


def mail(*inner: str, kind: str = "multipart/mixed") -> Extract:
    return read_eml((HEAD + parts(kind, *inner)).encode())


def said(extract: Extract) -> list[str]:
    """The blocks below the head."""
    blocks = extract.text.split("\n\n")
    return blocks[
        1 + max(number for number, block in enumerate(blocks) if block.startswith(("Date: ", "Attachments: "))) :
    ]


def by_part(extract: Extract) -> dict[str, str]:
    """The text of each part; parts of one name joined."""
    starts = [start for start, _ in extract.parts]
    found: dict[str, str] = {}
    for (start, name), end in zip(extract.parts, [*starts[1:], None], strict=True):
        found[name] = found.get(name, "") + extract.text[start:end]
    return found


# Heads


def test_a_mail_tells_who_wrote_to_whom_when() -> None:
    extract = eml("They met.")
    assert extract.text.split("\n\n") == [
        "Talks in Riyadh",
        "From: Anna Šmith <anna@example.org>",
        "To: Haddad, Omar <omar@example.org>, press@example.org",
        "Cc: Kari <kari@example.org>",
        "Date: Wed, 12 Mar 2025 23:30:00 -0500",
        "They met.",
    ]
    assert (extract.title, extract.author, extract.date) == ("Talks in Riyadh", "Anna Šmith", "2025-03-12")
    assert [extract.text[start:end] for start, end in extract.headings] == ["Talks in Riyadh"]
    assert (extract.outlet, extract.gaps, extract.members, extract.parts) == (None, (), (), ())


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"Subject: Caf\xe9 closes", "Café closes"),
        ("Subject: Žofie wrote".encode(), "Žofie wrote"),
        (b"Subject: =?utf-8?q?broken", "=?utf-8?q?broken"),
        (b"Subject: =?no-such-charset?q?Caf=C3=A9?=", "Café"),
        (b"Subject: =?utf-8?b?!!!?= talks", "talks"),
        (b"Subject: =?iso-2022-jp?b?GyRCMnFDTBsoQg==?=", "会談"),
        (b"Subject: first\r\n second", "first second"),
    ],
)
def test_odd_subjects_are_read(line: bytes, shown: str) -> None:
    assert read_eml(line + b"\r\n\r\nThey met.").title == shown


@pytest.mark.parametrize(
    ("line", "author", "shown"),
    [
        ("From: anna@example.org", "anna@example.org", "From: anna@example.org"),
        ("From: Anna Smith", "Anna Smith", "From: Anna Smith"),
        ("From: <<>>,,", None, "From: <<>>,,"),
        (f"From: {'(' * 5_000}", None, f"From: {'(' * 5_000}"),
        ("To: undisclosed-recipients:;", None, "To: undisclosed-recipients:;"),
        ("From: a@example.org, B C <b@example.org>", "a@example.org", "From: a@example.org, B C <b@example.org>"),
    ],
)
def test_odd_senders_lose_no_word(line: str, author: str | None, shown: str) -> None:
    extract = read_eml(f"{line}\n\nThey met.".encode())
    assert (extract.author, extract.text) == (author, f"{shown}\n\nThey met.")


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("Tue, 29 Jul 2025 12:42:06 +0000", "2025-07-29"),
        ("29 Jul 25 12:42 EST", "2025-07-29"),
        ("2025-07-29T12:42:06Z", "2025-07-29"),
        ("INVALID-DATE", None),
        ("Mon, 31 Feb 2025 10:00:00 +0000", None),
    ],
)
def test_a_date_stands_in_the_text_as_it_is_written(date: str, day: str | None) -> None:
    extract = read_eml(f"Subject: x\nDate: {date}\n\nThey met.".encode())
    assert f"Date: {date}" in extract.text
    assert extract.date == day


@pytest.mark.parametrize(
    "data", [b"They met on Tuesday in Riyadh.\n\nNo date was named.", b"\x89PNG\r\n\x1a\n\0\0", b"{}"]
)
def test_what_is_no_mail_is_rejected(data: bytes) -> None:
    with pytest.raises(Rejected, match="it is no mail"):
        read_eml(data)


def test_a_text_with_the_head_lines_of_a_mail_stays_a_text() -> None:
    source = "From: Anna\nTo: Omar\nSubject: Talks\n\n> They met.\n"
    assert read_text(source.encode()).text == source


# Bodies


def test_a_plain_body_is_taken_where_it_says_what_the_other_form_says() -> None:
    extract = mail(
        leaf("text/html", "<p>They <b>met</b> in Riyadh on Tuesday.</p>"),
        leaf("text/plain", "They met in Riyadh on Tuesday.\n"),
        kind="multipart/alternative",
    )
    assert said(extract) == ["They met in Riyadh on Tuesday."]


def test_a_stub_beside_the_real_body_is_not_taken() -> None:
    extract = mail(
        leaf("text/plain", "Riyadh talks"),
        leaf("text/html", "<p>The Riyadh talks: they met on Tuesday, and no date was named for a second round.</p>"),
        kind="multipart/alternative",
    )
    assert said(extract) == ["The Riyadh talks: they met on Tuesday, and no date was named for a second round."]


def test_forms_of_a_body_that_differ_are_both_read() -> None:
    extract = mail(
        leaf("text/plain", "Your program shows no HTML."),
        leaf("text/html", "<p>They met.</p>"),
        kind="multipart/alternative",
    )
    assert said(extract) == ["Your program shows no HTML.", "They met."]


def test_a_body_in_html_is_read_whole_though_it_looks_like_a_site_s_own() -> None:
    body = (
        "<style>p {color: red}</style><div style='display:none'>hidden</div><div class=newsletter>Sign up for our "
        "newsletter.</div><table><tr><td><p>They met.</p><p>No date.</p></td></tr></table><ul><li>Norway</ul>"
        "<footer>© 2025 Post. All rights reserved.</footer>"
    )
    assert said(eml(body, kind="text/html; charset=utf-8")) == [
        "Sign up for our newsletter.", "They met.", "No date.", "Norway", "© 2025 Post. All rights reserved.",
    ]  # fmt: skip


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251", "utf-8"])
def test_a_body_is_read_in_the_character_set_that_it_names(charset: str) -> None:
    message = EmailMessage()
    message["Subject"] = "x"
    message["Date"] = "Tue, 29 Jul 2025 12:42:06 +0000"
    message.set_content("Переговоры начались.", charset=charset)
    assert said(read_eml(bytes(message))) == ["Переговоры начались."]


def test_a_body_whose_characters_cannot_be_told_is_a_gap() -> None:
    data = HEAD.encode() + b"Content-Type: text/plain; charset=utf-8\n\n" + bytes(range(128, 256)) * 3 + b"\0\0\0"
    extract = read_eml(data)
    assert said(extract) == []
    assert [gap.partition(":")[0] for gap in extract.gaps] == ["its body is not read"]


def test_flowed_lines_are_paragraphs_again() -> None:
    body = "The envoys of both \ncountries met.\n\n> They named \n> no date.\n-- \nAnna"
    assert said(eml(body, kind="text/plain; charset=utf-8; format=flowed")) == [
        "The envoys of both countries met.", "They named no date.", "--\nAnna",
    ]  # fmt: skip


def test_lines_of_a_report_on_delivery_are_read() -> None:
    report = leaf(
        "message/delivery-status", "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; omar@example.org\n"
    )
    assert "Final-Recipient: rfc822; omar@example.org" in mail(leaf("text/plain", "Not delivered."), report).text


# Earlier mails


def test_quoted_mails_are_parts_of_their_own_without_marks() -> None:
    extract = eml(
        "I agree.\n\nOn Tuesday Omar wrote:\n> They met in Riyadh.\n> No date was named.\n>\n> > Who met?\n\n"
        "See you.\n\nAnna\n"
    )
    own, quoted = by_part(extract)["message"], by_part(extract)["quoted mail"]
    assert quoted.split("\n\n")[:-1] == [
        "On Tuesday Omar wrote:", "They met in Riyadh.\nNo date was named.", "Who met?",
    ]  # fmt: skip
    assert "I agree." in own
    assert own.endswith("See you.\n\nAnna")
    assert "They met" not in own


@pytest.mark.parametrize(
    "line",
    [
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "From: Omar Haddad\nSent: Tuesday, 11 March 2025 10:00\nTo: Anna\nSubject: Talks\n",
    ],
)
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_below_the_head_of_an_earlier_mail_all_is_quoted(line: str, kind: str) -> None:
    body = f"I agree.\n\n{line}\nThey met in Riyadh.\n"
    if kind == "text/html":
        head = line.rstrip().replace("\n", "<br>")
        body = f"<p>I agree.</p><p>{head}</p><p>They met in Riyadh.</p>"
    found = by_part(eml(body, kind=f"{kind}; charset=utf-8"))
    assert found["message"].rstrip().endswith("I agree.")
    assert found["quoted mail"].startswith(line.split("\n")[0])
    assert found["quoted mail"].endswith("They met in Riyadh.")


def test_a_block_quote_in_html_is_quoted_with_the_line_that_introduces_it() -> None:
    body = "<p>I agree.</p><div>On Tuesday Omar wrote:</div><blockquote><p>They met.</p></blockquote><p>Anna</p>"
    found = by_part(eml(body, kind="text/html"))
    assert found["quoted mail"].strip() == "On Tuesday Omar wrote:\n\nThey met."
    assert found["message"].endswith("I agree.\n\nAnna")


# What belongs to a mail


def docx(text: str) -> bytes:
    import docx as word

    document = word.Document()
    document.add_paragraph(text)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bytes], Loaded]:
    monkeypatch.setitem(documents._READERS, ".eml", "mail:read_eml")
    monkeypatch.setitem(documents._READERS, ".mbox", "mail:read_mbox")

    def loaded(name: str, data: bytes) -> Loaded:
        (tmp_path / name).write_bytes(data)
        return documents.load(tmp_path / name)

    return loaded


def by_name(loaded: Loaded, name: str) -> dict[str, str]:
    """The text of each document by its path below the file's."""
    return {document.path.partition(f"/{name}")[2].lstrip("/"): document.text for document in loaded.documents}


def sentinel(subject: str, body: str, *attached: tuple[str, bytes], inner: EmailMessage | None = None) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"] = subject, "Anna <anna@example.org>"
    message.set_content(body)
    message.add_alternative(f"<p>{body} wheat</p>", subtype="html")
    for name, data in attached:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    if inner is not None:
        message.add_attachment(inner)
    return message


def test_every_word_of_a_mail_and_of_what_is_attached_is_in_a_document_of_its_own(
    load: Callable[[str, bytes], Loaded],
) -> None:
    inner = sentinel("barley", "oats", ("note.txt", b"Envoys ate millet.\n"))
    message = sentinel("rye", "They ate spelt.", ("a/b.txt", b"rice\n"), ("b.docx", docx("maize")), inner=inner)
    found = by_name(load("a.eml", bytes(message)), "a.eml")
    assert {name: text for name, text in found.items() if name and "eml" not in name} == {
        "b.txt": "rice\n", "b.docx": "maize",
    }  # fmt: skip
    assert found[""].split("\n\n")[0] == "rye"
    assert "They ate spelt." in found[""]
    assert found["barley.eml"].split("\n\n") == [
        "barley", "From: Anna <anna@example.org>", "Attachments: note.txt", "oats",
    ]  # fmt: skip
    assert found["barley.eml/note.txt"] == "Envoys ate millet.\n"


def test_what_of_a_mail_is_not_read_is_a_gap() -> None:
    extract = mail(
        leaf("text/plain", "They met.\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"),
        leaf(
            "image/png", "eA==", 'Content-Disposition: inline; filename="logo.png"\nContent-Transfer-Encoding: base64\n'
        ),
        leaf("application/pkcs7-signature; name=smime.p7s", "eA==", "Content-Transfer-Encoding: base64\n"),
        leaf("application/pkcs7-mime; name=smime.p7m", "eA==", "Content-Transfer-Encoding: base64\n"),
        leaf("text/calendar; method=REQUEST", "BEGIN:VCALENDAR"),
    )
    assert said(extract) == ["They met."]
    assert extract.gaps == (
        "signature not checked",
        "image not read: logo.png",
        "signature not checked: smime.p7s",
        "encrypted content not read",
        "calendar entry not read",
    )


def test_an_encrypted_mail_is_its_head_and_a_gap() -> None:
    extract = mail(
        leaf("application/pgp-encrypted", "Version: 1"),
        leaf("application/octet-stream", "secret"),
        kind="multipart/encrypted",
    )
    assert extract.gaps == ("encrypted content not read",)
    assert extract.members == ()
    assert extract.text.startswith("Talks in Riyadh\n\nFrom: Anna")


def test_an_attachment_is_named_though_the_mail_does_not_name_it() -> None:
    extract = mail(
        leaf("text/plain", "They met."),
        leaf("application/pdf", "eA==", "Content-Disposition: attachment\nContent-Transfer-Encoding: base64\n"),
        leaf("text/plain", "x", 'Content-Disposition: attachment; filename="=?utf-8?q?Caf=C3=A9?="\n'),
        leaf("text/csv", "x", "Content-Disposition: attachment; filename*=utf-8''na%C3%AFve.csv\n"),
    )
    assert [member.name for member in extract.members] == ["attachment 1.pdf", "Café.txt", "naïve.csv"]
    assert "Attachments: attachment 1.pdf, Café.txt, naïve.csv" in extract.text


def test_an_attached_text_is_read_in_the_character_set_that_the_mail_names(
    load: Callable[[str, bytes], Loaded],
) -> None:
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("They met.")
    message.add_attachment(
        "Да".encode("koi8-r"), maintype="text", subtype="plain", filename="a.txt", params={"charset": "koi8-r"}
    )
    assert by_name(load("a.eml", bytes(message)), "a.eml")["a.txt"] == "Да"


def test_a_mail_whose_parts_have_lost_their_boundary_is_still_read() -> None:
    extract = read_eml((HEAD + "Content-Type: multipart/mixed; boundary=absent\n\nThey met.\n").encode())
    assert "They met." in extract.text


def test_mails_within_mails_as_deep_as_a_bomb_are_given_up(load: Callable[[str, bytes], Loaded]) -> None:
    data = b"Subject: x\n" + b"Content-Type: message/rfc822\n\n" * 3000 + b"They met."
    with pytest.raises(documents.UnreadableDocument, match="nested too deep"):
        load("a.eml", data)


# Mailboxes


BOX = (
    b"From anna@example.org Mon Jun 01 10:00:00 2009\nSubject: First / of two\nFrom: Anna <a@example.org>\n\nOats.\n\n"
    b"From the hall they went.\n>From here on it rained.\n\n"
    b"From - Mon Jun  1 11:00:00 2009\nSubject: Second\n\nRye.\n"
)


def test_each_mail_of_a_mailbox_is_a_document(load: Callable[[str, bytes], Loaded]) -> None:
    found = load("a.mbox", BOX)
    names = [document.path.rpartition("a.mbox/")[2] for document in found.documents]
    assert names == ["0001 First of two.eml", "0002 Second.eml"]
    assert [document.title for document in found.documents] == ["First / of two", "Second"]
    assert found.documents[0].text.endswith("Oats.\n\nFrom the hall they went.\nFrom here on it rained.")
    assert found.documents[1].text.endswith("Rye.")


def test_a_mailbox_with_windows_newlines_and_mails_without_heads_is_read() -> None:
    box = BOX.replace(b"\n", b"\r\n") + b"\r\nFrom x Mon Jun 01 12:00:00 2009\r\n\r\nMillet.\r\n"
    members = read_mbox(box).members
    assert [member.name for member in members] == ["0001 First of two.eml", "0002 Second.eml", "0003 mail.eml"]
    assert isinstance(members[2].content, Extract)
    assert members[2].content.text == "Millet."


def test_what_is_no_mailbox_is_rejected() -> None:
    with pytest.raises(Rejected, match="it is no mailbox"):
        read_mbox(b"Subject: one mail\n\nThey met.")
    with pytest.raises(Rejected, match="it is no mailbox"):
        read_mbox(b"From the hall they went.")


@pytest.mark.skipif(not FILES.is_dir(), reason="the shared data is not here")
def test_no_word_of_the_plain_bodies_of_real_mails_is_lost() -> None:
    from email import message_from_bytes

    read = 0
    for path in sorted(FILES.rglob("*.eml")):
        data = path.read_bytes()
        text = " ".join(read_eml(data).text.split())
        for part in message_from_bytes(data).walk():
            if part.get_content_type() == "text/plain" and not part.get_filename():
                body = part.get_payload(decode=True)
                assert isinstance(body, bytes)
                missing = [word for word in body.decode("utf-8").replace(">", " ").split() if word not in text]
                assert missing == [], path.name
                read += 1
    assert read >= 12
