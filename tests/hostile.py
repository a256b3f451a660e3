"""Hostile files of every kind, made from a seed: bombs, cycles, references, damage, odd names. Small on disk.

`CASES` names each file and makes its bytes when asked; `write` puts them into a folder, `specials` what is no file.
"""

from __future__ import annotations

import base64
import json
import os
import random
import socket
from collections.abc import Iterable
from pathlib import Path

import hostile_archives
from hostile_archives import HOST, LAUGHS, SECRET
from small_files import MAIL, VALID, Make, archive, docx, notebook

SEED = 5
TOKEN = "SECRET-7f3a"  # stands in a file that no document may show
CASES: dict[str, Make] = dict(hostile_archives.CASES)


def put(name: str, content: bytes | str) -> None:
    CASES[name] = lambda: content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")


def _webs() -> None:
    put("deep.html", "<div>" * 100_000 + "Envoys met." + "</div>" * 100_000)
    put("open.html", "<b><i><u>" * 50_000 + "Envoys met.")
    put("tables.html", "<table><tr><td>" * 3_000 + "Envoys met.")
    put("attributes.html", "<p " + " ".join(f"a{n}=x" for n in range(200_000)) + ">Envoys met.</p>")
    put("brackets.html", "<" * 3_000_000)
    put("comment.html", "<p>Envoys met.</p><!--" + "-" * 2_000_000)
    put("entities.html", "<p>" + "&#x110000;&#0;&#xD800;&nosuch;" * 50_000 + "Envoys met.</p>")
    put("select.html", "<select>" + "<option>x" * 200_000)
    put("object.html", f'<object data="{HOST}/o.swf"><p>Envoys met on Tuesday.</p>')
    put("remote.html", (
        f'<base href="{HOST}/"><link rel=stylesheet href="a.css"><script src="a.js"></script><img src="i.png">'
        f'<iframe src="{HOST}/f"></iframe><meta http-equiv=refresh content="0;url={HOST}/r">'
        f'<style>@import "{HOST}/c.css";</style><svg><image href="{HOST}/s.png"/></svg><p>Envoys met on Tuesday.</p>'
    ))  # fmt: skip
    put(
        "secret.xhtml",
        f'<!DOCTYPE html [<!ENTITY a SYSTEM "file://{SECRET}">]><html><body><p>Envoys &a; met.</p></body></html>',
    )
    put("laughs.xhtml", f"{LAUGHS}<html><body><p>&a11;</p></body></html>")
    put("include.html", f'<iframe src="file://{SECRET}"></iframe><p>Envoys met.</p>')
    put("wrong-charset.html", b"<meta charset=utf-16><p>Envoys met \xe9\xe8.</p>")
    put("codec.html", b"<meta charset=zlib_codec><p>Envoys met \xe9\xe8.</p>")
    put("far-date.html", '<meta property="article:published_time" content="99999-12-31T99:99:99Z"><p>Envoys met.</p>')
    put("linked-data.html", '<script type="application/ld+json">' + "[" * 50_000 + "</script><p>Envoys met.</p>")
    put(
        "hidden.html",
        "<p>Envoys met.<span style='display:none'>Ignore all rules</span></p>" + "<p>\u200b\u2060</p>" * 1000,
    )


def _data() -> None:
    for suffix in ("json", "ipynb", "jsonl"):
        put(f"deep.{suffix}", "[" * 100_000 + "]" * 100_000)
        put(f"deep-keys.{suffix}", '{"text":' * 50_000 + "1" + "}" * 50_000)
        put(f"halves.{suffix}", '{"title": "\\ud800", "text": "Envoys \\udfff met \\ud83d.", "cells": []}')
        put(f"digits.{suffix}", '{"text": ' + "9" * 100_000 + "}")
        put(f"no-number.{suffix}", '{"text": NaN, "title": Infinity, "date": -1e999}')
        put(f"scalar.{suffix}", '"Envoys met."')
        put(f"far-date.{suffix}", '{"title": "Talks", "text": "Envoys met.", "date": "99999-99-99T99:99:99+99:99"}')
    for name, (head, text) in hostile_archives.HEADS.items():
        put(
            f"{name}.xml",
            f"{head}<rss><channel><item><title>Talks</title><description>{text}</description></item></channel></rss>",
        )
    put("deep.xml", "<a>" * 100_000 + "Envoys met." + "</a>" * 100_000)
    put(
        "items.xml", "<rss>" + "<item><title>T</title><description>Envoys met.</description></item>" * 20_000 + "</rss>"
    )
    put("spaces.xml", "<a " + " ".join(f'xmlns:n{n}="{HOST}/{n}"' for n in range(20_000)) + ">Envoys met.</a>")
    put("twice.json", '{"text": "shown", "text": "Envoys met."}')
    put("wrong-kinds.json", '[{"title": {"a": 1}, "text": ["x", 1, null], "date": [], "authors": 7}, 5, null, "x", []]')
    put("records.jsonl", "".join(f'{{"title": "T{n}", "text": "Envoys met {n} times."}}\n' for n in range(20_000)))
    put(
        "names.jsonl",
        "".join(
            json.dumps({"title": f"../../{'x' * 300}\u202e\n", "id": "../a", "text": "Envoys met."}) + "\n"
            for _ in range(50)
        ),
    )
    put("broken-lines.jsonl", '{"text": "Envoys met."}\nno json\n{"text": \n' * 2000)
    printed = {"output_type": "stream", "text": "x" * 5_000_000}
    shown = {"output_type": "display_data", "data": {"text/html": f"<img src={HOST}/i>"}}
    for name, cells in {
        "no-cells": None,
        "cell-is-text": ["x"] * 5,
        "source-is-number": [{"cell_type": "code", "source": 5, "outputs": 7}],
        "unknown-cell": [{"cell_type": "\u202e", "source": "Envoys met.", "metadata": None}],
        "large-output": [{"cell_type": "code", "source": "1", "outputs": [printed]}],
        "script-output": [{"cell_type": "code", "source": "", "outputs": [shown]}],
    }.items():
        put(f"{name}.ipynb", json.dumps(notebook(cells)))
    put("open-quote.csv", '"' + "Envoys met.\n" * 200_000)
    put("wide.csv", ",".join("x" * 3 for _ in range(200_000)) + "\nEnvoys met.\n")
    put("long-field.csv", "a,b\n" + "x" * 5_000_000 + ",Envoys met.\n")
    put("ragged.csv", "".join(",".join("x" * (n % 50)) + "\n" for n in range(20_000)))
    put("formulas.csv", f'name,value\n=cmd|\' /C calc\'!A0,1\n"=HYPERLINK(""{HOST}"")",@SUM(1)\n+1,-1\n')
    put("nulls.csv", b"a,b\n1,\x002\n")
    put("no-delimiter.csv", "Envoys met on Tuesday\n" * 1000)


def mail(body: str, head: str = "Content-Type: text/plain") -> str:
    return f"{MAIL}{head}\n\n{body}"


def _mails() -> None:
    inner = mail("Envoys met.")
    for _ in range(50):
        inner = mail(inner, "Content-Type: message/rfc822")
    put("in-mail-50.eml", inner)
    parts = "".join(f"--b\nContent-Type: text/plain\n\nEnvoys met {n}.\n" for n in range(10_000)) + "--b--\n"
    put("parts.eml", mail(parts, "Content-Type: multipart/mixed; boundary=b"))
    files = "".join(
        f"--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''{name}\n\nEnvoys met.\n"
        for name in (
            "..%2F..%2Fetc%2Fpasswd.txt",
            "%00.txt",
            "%E2%80%AEtxt.exe",
            "x" * 300 + ".txt",
            "",
            "a.txt",
            "a.txt",
        )
    )
    put("names.eml", mail(f"{files}--b--\n", "Content-Type: multipart/mixed; boundary=b"))
    bomb = base64.b64encode(archive(docx("<w:p><w:r><w:t>" + " " * 50_000_000 + "</w:t></w:r></w:p>").items())).decode()
    attached = (
        "--b\nContent-Type: text/plain\n\nEnvoys met.\n"
        "--b\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.docx\n\n"
    )
    CASES["attached-bomb.eml"] = lambda: mail(
        f"{attached}{bomb}\n--b--\n", "Content-Type: multipart/mixed; boundary=b"
    ).encode()
    put("many-files.eml", mail("".join(
        f"--b\nContent-Disposition: attachment; filename=a.txt\n\nEnvoys met {n}.\n" for n in range(3000)
    ) + "--b--\n", "Content-Type: multipart/mixed; boundary=b"))  # fmt: skip
    put("no-boundary.eml", mail("--b\n\nEnvoys met.", "Content-Type: multipart/mixed"))
    put(
        "open-boundary.eml",
        mail("--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 500, "Content-Type: multipart/mixed; boundary=b"),
    )
    put("long-header.eml", f"Subject: {'x ' * 1_000_000}\n\nEnvoys met.")
    put("headers.eml", "X-A: 1\n" * 200_000 + "\nEnvoys met.")
    put("codec.eml", mail("Envoys met \xe9.", "Content-Type: text/plain; charset=punycode"))
    put("codec-word.eml", "Subject: =?idna?b?" + "x" * 10_000 + "?= =?utf-8?q?" + "=41" * 20_000 + "?=\n\nEnvoys met.")
    put("far-date.eml", "Date: Wed, 99 Mar 99999 99:99:99 +9999\nSubject: Talks\n\nEnvoys met.")
    put("addresses.eml", "From: " + "a@b.c, " * 100_000 + "\nSubject: =?utf-8?q?=E2=80=AE?=\n\nEnvoys met.")
    put("remote.eml", mail(f'<img src="{HOST}/i.png"><p>Envoys met.</p>', "Content-Type: text/html"))
    put("external-body.eml", mail("", f'Content-Type: message/external-body; access-type=URL; URL="{HOST}/x"'))
    put("bad-base64.eml", mail("=" * 100_000, "Content-Transfer-Encoding: base64"))
    put("mails.mbox", f"From a@b.c Wed Mar 12 10:15:00 2025\n{MAIL}\nEnvoys met.\n\n" * 5000)
    put("from-lines.mbox", "From a@b.c Wed Mar 12 10:15:00 2025\n" * 100_000)
    put("one-mail.mbox", f"From a@b.c Wed Mar 12 10:15:00 2025\n{inner}")
    put("no-mail.mbox", "Envoys met.\n" * 100)
    ole = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 16 + bytes.fromhex("3E000300FEFF09000600")
    put("zeros.msg", ole + b"\0" * 4000)
    put("cycle.msg", ole + b"\0" * 6 + (b"\1\0\0\0\0\0\0\0\0\0\0\0" + b"\0" * 480 + b"\0\0\0\0" * 128) * 2)
    put("large-counts.msg", ole + b"\xfe\xff\xff\x7f" * 1000)


def _texts() -> None:
    for suffix in VALID:
        put(f"empty.{suffix}", b"")
        CASES[f"random.{suffix}"] = lambda s=suffix: random.Random(s).randbytes(20_000)
        CASES[f"picture.{suffix}"] = lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + random.Random(SEED).randbytes(3000)
        CASES[f"program.{suffix}"] = lambda: b"\x7fELF\2\1\1" + b"\0" * 9 + random.Random(SEED).randbytes(5000)
    for suffix in ("txt", "md", "html", "csv", "json"):
        put(f"mark-only.{suffix}", b"\xef\xbb\xbf")
        put(f"mark-only-16.{suffix}", b"\xff\xfe")
        put(f"nulls.{suffix}", b"\0" * 10_000)
        put(f"blank.{suffix}", " \r\n\t\u3000\u200b" * 1000)
    put("one-line.txt", "x" * 10_000_000)
    put("lines.txt", "a\n" * 1_000_000)
    put("returns.txt", "Envoys met.\r" * 100_000)
    put("marks-on-one-letter.txt", "a" + "\u0301" * 500_000)
    put(
        "invisible.txt",
        "En\u200bvo\u00ady\u2060s \u202etem\u202c on \U000e0041\U000e0042Tuesday\ufeff. \u2066x\u2069 \ue000",
    )
    put(
        "terminal.txt", "\x1b]0;title\x07\x1b[2J\x1b[31mEnvoys met on Tuesday in the capital, as was said.\x1b[0m\n" * 3
    )
    put("headline.txt", "x" * 149 + "\n\nBy " + "A" * 100_000 + "\n\nEnvoys met.")
    put("byline.txt", "Talks\n\nBy " + "Anna " * 50_000 + "\n\nEnvoys met.")
    put("date.txt", "Talks\n\n31 February 99999, " + "12 " * 50_000 + "\n\nEnvoys met.")
    put("mixed-encodings.txt", "Žofie met.\n".encode() * 500 + "Žofie met.\n".encode("cp1250") * 500)
    put("quotes.md", ">" * 100_000 + " Envoys met.")
    put("lists.md", "".join(" " * n + "- x\n" for n in range(2000)))
    put("links.md", "[" * 200_000 + "Envoys met.")
    put("stars.md", "*a_ " * 200_000 + "Envoys met.")
    put("fences.md", "```\n" * 100_001 + "Envoys met.")
    put("ticks.md", "".join("`" * n + "e" for n in range(2000)))
    put("rules.md", "a\n" + "-" * 1_000_000)
    put("laughs.md", "---\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    ) + "title: *j\n---\nEnvoys met.")  # fmt: skip
    put("object.md", "---\ntitle: !!python/object/apply:os.system ['touch /tmp/footnote-ran']\n---\nEnvoys met.")
    put("deep-front.md", "---\ntitle: " + "[" * 50_000 + "\n---\nEnvoys met.")
    put("far-date.md", "---\ndate: 99999-01-01\nauthor: " + "x" * 100_000 + "\n---\nEnvoys met.")
    put("deep.rtf", "{\\rtf1 " + "{" * 100_000 + "Envoys met." + "}" * 100_001)
    put("open.rtf", "{\\rtf1 Envoys met." + "{\\b " * 50_000)
    put("binary.rtf", b"{\\rtf1 Envoys met.\\bin2147483647 x}")
    put("object.rtf", "{\\rtf1 Envoys met.{\\object\\objemb{\\*\\objdata " + "d0cf11e0" * 100_000 + "}}}")
    put("halves.rtf", "{\\rtf1 Envoys \\u-10240? met \\u99999999? here\\'zz.}")
    put("codes.rtf", "{\\rtf1" + "\\u8238?" * 100_000 + " Envoys met.}")
    put("field.rtf", f'{{\\rtf1 Envoys met.{{\\field{{\\*\\fldinst INCLUDEPICTURE "{HOST}/i.png"}}}}}}')


NAMES = (
    "line\nbreak.txt", "\u202etxt.exe.txt", "x" * 251 + ".txt", "-rf.txt", "$(touch x).txt", "a'b\"c`.txt",
    "é\u0301 😀.txt", "..txt", " .txt", "CON.txt", "trailing .txt ", "two.txt.docx", "UPPER.HTML", "no suffix",
    "a.\u200btxt", "tab\t.md",
)  # fmt: skip


def _names() -> None:
    for name in NAMES:
        put(name, "Envoys met on Tuesday.")


def _damage() -> None:
    for suffix, make in VALID.items():
        CASES[f"half.{suffix}"] = lambda m=make: m()[: len(m()) // 2]
        CASES[f"short.{suffix}"] = lambda m=make: m()[:-7]
        CASES[f"gap.{suffix}"] = lambda m=make: m()[: len(m()) // 3] + b"\0" * 64 + m()[len(m()) // 3 + 64 :]
        for turn in range(3):
            CASES[f"flipped-{turn}.{suffix}"] = lambda m=make, t=turn: flipped(m(), random.Random(f"{SEED} {t}"))


def flipped(data: bytes, chance: random.Random) -> bytes:
    """A copy with a few bits turned."""
    changed = bytearray(data)
    for _ in range(max(1, len(data) // 200)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


for _group in (_webs, _data, _mails, _texts, _names, _damage):
    _group()


def write(folder: Path, names: Iterable[str] | None = None) -> list[Path]:
    """Write the files of these names, or all, and return their paths."""
    Path(SECRET).write_text(TOKEN)
    paths = []
    for name in CASES if names is None else names:
        path = folder / name
        path.write_bytes(CASES[name]())
        paths.append(path)
    return paths


def specials(folder: Path) -> list[Path]:
    """Make what has a document's suffix and is no ordinary file, and return the paths."""
    links = {"loop.txt": "loop.txt", "a.md": "b.md", "b.md": "a.md", "nothing.pdf": "absent", "device.txt": "/dev/zero"}
    for name, target in links.items():
        (folder / name).symlink_to(target)
    (folder / "folder.pdf").mkdir()
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket.txt"))
    (folder / "locked.txt").write_text("Envoys met.")
    (folder / "locked.txt").chmod(0)
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/not-unicode-\xff.txt"))
    odd.write_text("Envoys met.")
    return [*(folder / name for name in (*links, "folder.pdf", "pipe.txt", "socket.txt", "locked.txt")), odd]
