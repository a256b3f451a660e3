"""XML: feeds and news items as documents, and any other kind as the text of its elements."""

from __future__ import annotations

import pytest

from rag.documents.extract import Extract, Rejected
from rag.documents.markup import read

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Evening Post</title><link>https://p</link>
<item><title>Talks open &amp; close</title><link>https://p/1</link><pubDate>Wed, 12 Mar 2025 08:00:00 GMT</pubDate>
<description>&lt;p&gt;The &lt;b&gt;hall&lt;/b&gt; was cold.&lt;/p&gt;</description><dc:creator>Anna Smith</dc:creator>
<content:encoded><![CDATA[<p>They met in Riyadh.</p><p>No date was named.</p>]]></content:encoded>
<category>World</category><category>Peace</category></item>
<item><title>Bread</title><description>A loaf.</description><source url="x">Crumbs</source></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Evening Post</title><entry><title>Talks</title>
<author><name>Anna Smith</name></author><published>2025-03-12T08:00:00Z</published>
<updated>2025-03-14T08:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>They <b>met</b>.</p><p>No date.</p></div></content>
</entry></feed>"""
NITF = """<nitf><head><docdata><date.issue norm="20250312T080000Z"/></docdata></head><body><body.head><hedline>
<hl1>Talks open</hl1></hedline><byline>By Anna Smith</byline></body.head><body.content><media><media-caption>The hall
</media-caption></media><p>They met in <location>Riyadh</location>.</p><hl2>Reactions</hl2><p>No date.</p>
</body.content></body></nitf>"""
ITEM = """<newsItem><itemMeta><versionCreated>2025-03-14T08:00:00Z</versionCreated>
<provider><name>Agency</name></provider></itemMeta><contentMeta>
<contentCreated>2025-03-12T08:00:00Z</contentCreated><by>Anna Smith</by><headline>{}</headline>
</contentMeta><contentSet><inlineXML><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>
<p>They met.</p><table><tr><td>rye</td><td>12</td></tr></table></body></html></inlineXML></contentSet></newsItem>"""


def contents(extract: Extract) -> list[Extract]:
    return [member.content for member in extract.members if isinstance(member.content, Extract)]


def said(extract: Extract) -> tuple[str | None, ...]:
    return (extract.title, extract.date, extract.updated, extract.author, extract.outlet)


def test_entries_of_a_feed_are_documents_of_its_outlet() -> None:
    extract = read(RSS.encode())
    talks, bread = contents(extract)
    assert [member.name for member in extract.members] == ["0001 Talks open & close", "0002 Bread"]
    assert said(talks) == ("Talks open & close", "2025-03-12", None, "Anna Smith", "Evening Post")
    assert talks.text.split("\n\n") == [
        "Talks open & close",
        "They met in Riyadh.",
        "No date was named.",
        "description: The hall was cold.",
        "category: World, Peace",
    ]
    assert (bread.text, bread.outlet) == ("Bread\n\nA loaf.", "Crumbs")
    assert "fields not read, which are for programs: link (1)" in extract.gaps


def test_entries_of_an_atom_feed_hold_marked_up_text() -> None:
    (entry,) = contents(read(ATOM.encode()))
    assert said(entry) == ("Talks", "2025-03-12", "2025-03-14", "Anna Smith", "Evening Post")
    assert entry.text == "Talks\n\nThey met.\n\nNo date."


def test_a_news_item_is_a_document_without_its_captions() -> None:
    extract = read(NITF.encode())
    assert said(extract) == ("Talks open", "2025-03-12", None, "Anna Smith", None)
    assert extract.text == "Talks open\n\nThey met in Riyadh.\n\nReactions\n\nNo date."


def test_several_news_items_are_documents_within_the_file() -> None:
    extract = read(
        f"<newsMessage><itemSet>{ITEM.format('Talks')}{ITEM.format('Grain')}</itemSet></newsMessage>".encode()
    )
    talks, grain = contents(extract)
    assert said(talks) == ("Talks", "2025-03-12", "2025-03-14", "Anna Smith", "Agency")
    assert grain.text == "Grain\n\nThey met.\n\nrye | 12"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<company><name>Acme</name><city>Oslo</city></company>", "name: Acme\n\ncity: Oslo"),
        (
            "<list><row><name>Acme</name><city>Oslo</city></row><row><name>B</name><city>Bergen</city></row></list>",
            "name: Acme | city: Oslo\nname: B | city: Bergen",
        ),
        (
            "<a><sec><title>Ice</title><p>It is <i>cold</i>, H<sub>2</sub>O.</p><p>Snow<x/> too.</p></sec></a>",
            "Ice\n\nIt is cold, H2O.\n\nSnow too.",
        ),
        ("<a><p>One:<item>rye</item><item>oats</item></p><!-- no --><?no no?></a>", "One:rye oats"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'><body><p>They met.</p></body></html>", "They met."),
        ("<rdf:RDF xmlns:rdf='http://x'><rdf:li>Rye.</rdf:li></rdf:RDF>", "Rye."),
    ],
)
def test_any_other_xml_is_the_text_of_its_elements(markup: str, text: str) -> None:
    assert read(markup.encode()).text == text


def test_titles_are_headings_and_attributes_a_gap() -> None:
    extract = read(b"<a v='1'><title>Ice</title><p class='x'>It is <i id='y'>cold</i>.</p></a>")
    assert [extract.text[start:end] for start, end in extract.headings] == ["Ice"]
    assert extract.gaps == ("attributes of its elements not read: 3",)


@pytest.mark.parametrize(
    "data", [b"<a><b></a>", b"no xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>']
)
def test_damaged_xml_and_entities_are_rejected(data: bytes) -> None:
    with pytest.raises(Rejected):
        read(data)
