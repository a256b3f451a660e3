"""Pages of many layouts: the article without what surrounds it, and only what the page itself says of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rag.documents.extract import Extract
from rag.documents.html import read

STORY = (
    "Envoys of the two countries met in Riyadh on Tuesday for the first talks since the war began, officials said.",
    "The foreign minister said that the delegations had agreed to appoint teams, but had set no date.",
    "“We were not invited,” a spokesman in Kyiv said. He added that a decision without Ukraine would have no force.",
    "European leaders will meet in Paris on Monday to discuss what the talks mean for the security of the continent.",
)
BAKERY = "A bakery in Lyon has baked the longest loaf of the year, and the whole quarter came to eat of it on Sunday."
WHEAT = "Prices of wheat fell for a third week as ships left the port of Constanta, traders in London said."
HEADLINE = "Talks open in Riyadh"


def paragraphs(*texts: str, tag: str = "p") -> str:
    return "".join(f"<{tag}>{text}</{tag}>" for text in texts)


def page(body: str, head: str = "") -> Extract:
    return read(f"<html><head><title>{HEADLINE}</title>{head}</head><body>{body}</body></html>".encode())


def article(inside: str = "", head: str = "") -> Extract:
    return page(f"<article><h1>{HEADLINE}</h1>{inside}{paragraphs(*STORY)}</article>", head)


def linked(*things: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(thing)}</script>' for thing in things)


def whole(extract: Extract) -> list[str]:
    return extract.text.split("\n\n")


# Layouts


def test_a_page_laid_out_in_tables_gives_its_column_of_text() -> None:
    extract = page(
        "<table><tr><td colspan=3><img src=l.gif><font size=5>The Evening Post</font></td></tr>"
        "<tr><td><a href=/>Home</a><br><a href=/w>War</a><br><a href=/s>Sport</a></td>"
        f"<td><font size=4><b>{HEADLINE}</b></font><br><br>{STORY[0]}<br><br>{STORY[1]}<br><br>"
        "<table align=right><tr><td><img src=x.jpg></td></tr><tr><td>Photograph: the hall.</td></tr></table>"
        f"{STORY[2]}<br><br>{STORY[3]}</td>"
        f"<td><b>More stories</b><br><a href=/1>{BAKERY}</a></td></tr>"
        "<tr><td colspan=3>Copyright 2025 The Evening Post. All rights reserved.</td></tr></table>"
    )
    assert whole(extract) == [HEADLINE, *STORY]


def test_a_page_of_nothing_but_divisions_gives_its_article() -> None:
    extract = page(
        "<div class=h><div><a href=/w>War</a></div><div><a href=/s>Sport</a></div></div>"
        f"<div class=t><div>Lyon</div><div>{BAKERY}</div></div>"
        f"<div><div class=t>{HEADLINE}</div>{paragraphs(*STORY[:2], tag='div')}"
        '<div class=w><img src=a.jpg><div class="image-caption">Photograph: the hall of the palace.</div></div>'
        f"{paragraphs(*STORY[2:], tag='div')}</div>"
        f'<div class="cookie-notice">We use cookies. <a>Accept</a></div><div><div>{WHEAT}</div></div>'
    )
    assert whole(extract) == [HEADLINE, *STORY]


def test_the_elements_of_an_amp_page_that_are_no_article_are_left_out() -> None:
    extract = page(
        "<amp-consent><div><p>We use cookies and similar technologies on this site, as you may like.</p></div>"
        f"</amp-consent><amp-sidebar><ul><li>{WHEAT}</li></ul></amp-sidebar><article><h1>{HEADLINE}</h1>"
        f"<amp-social-share type=email>Share</amp-social-share>{paragraphs(*STORY[:2])}"
        f"<amp-ad><p>{BAKERY}</p></amp-ad><figure><amp-img src=b.jpg></amp-img><figcaption>The hall.</figcaption>"
        f"</figure>{paragraphs(*STORY[2:])}</article><amp-user-notification><p>{WHEAT}</p></amp-user-notification>"
    )
    assert whole(extract) == [HEADLINE, *STORY]


def test_a_link_of_a_word_that_the_article_uses_does_not_widen_it() -> None:
    extract = page(
        f"<div><a href=/r>Riyadh</a> <a href=/w>war</a></div><div>{paragraphs(BAKERY)}</div><h1>{HEADLINE}</h1>"
        f"<div class=story>{paragraphs(*STORY)}</div><div><div>{paragraphs(WHEAT)}</div><a href=/t>talks</a></div>"
    )
    assert whole(extract) == [HEADLINE, *STORY]


def test_the_name_of_a_table_stays_above_it_though_it_is_no_heading() -> None:
    extract = page(
        f"<h1>{HEADLINE}</h1>{paragraphs(*STORY[:2])}<center>Share</center>{paragraphs(STORY[2])}"
        "<center><br><br><font><b>Seats at the table</b></font></center><center>by country</center>"
        "<table><tr><th>Country<th>Seats</tr><tr><td>Norway<td>4</tr></table>"
        f"{paragraphs(STORY[3])}<center>Advertisement</center><table><tr><td>Oman<td>3</tr></table>"
        f"{paragraphs(BAKERY)}"
    )
    assert whole(extract) == [
        HEADLINE,
        *STORY[:3],
        "Seats at the table",
        "by country",
        "Country | Seats\nNorway | 4",
        STORY[3],
        "Oman | 3",
        BAKERY,
    ]


CLOSING = "If you would rather have no letters from us, please write to the editors of the Evening Post."


def letter(*rows: str) -> Extract:
    """A page of one column, as mails are laid out, whose last rows are said to be no part of its text."""
    told = "".join(f"<tr><td>{paragraphs(*STORY, *STORY)}</td></tr>" for _ in range(2))
    return page(f"<table>{told}{''.join(f'<tr><td>{row}</td></tr>' for row in rows)}</table>")


def test_the_last_lines_of_a_page_of_one_column_stay_in_it() -> None:
    last = letter(f"<p class=noprint>{CLOSING}</p><p class=noprint>{BAKERY}</p>", "Sent: 12 March 2025")
    assert whole(last)[-3:] == [CLOSING, BAKERY, "Sent: 12 March 2025"]


@pytest.mark.parametrize(
    "below",
    [
        f"<h3>Also in the paper</h3><p>{BAKERY}</p>",
        f"<p><a href=/b>{BAKERY}</a></p><p>{WHEAT}</p>",
        f"<a href=/b>The longest loaf of the year</a><br>{WHEAT}",
        f"<p>More</p><p>{WHEAT}</p>",
    ],
)
def test_other_stories_below_a_page_of_one_column_stay_out(below: str) -> None:
    assert whole(letter(f"<div class=noprint>{below}</div>")) == [*STORY, *STORY] * 2


def test_a_text_beside_or_below_the_column_stays_out() -> None:
    story = f"<table><tr><td>{paragraphs(*STORY, *STORY)}</td></tr></table>"
    assert whole(page(f"{story}<div><div>{WHEAT}</div></div>")) == [*STORY, *STORY]


def test_short_paragraphs_of_the_article_stay_in_it() -> None:
    assert whole(article("<p>They met.</p><ul><li>Norway</li><li>Oman</li></ul>"))[1:4] == [
        "They met.",
        "Norway",
        "Oman",
    ]


def test_posts_of_a_live_blog_stay_in_order_under_their_headings() -> None:
    posts = "".join(
        f"<article><time>2{n}.10</time><h2>Post {n}</h2><p>{text}</p></article>" for n, text in enumerate(STORY)
    )
    extract = page(f"<main><h1>{HEADLINE}</h1><section>{posts}</section></main>")
    assert whole(extract) == [
        HEADLINE,
        *(line for n, text in enumerate(STORY) for line in (f"2{n}.10", f"Post {n}", text)),
    ]


def test_what_a_page_holds_back_is_read_from_its_linked_data() -> None:
    body = "\n\n".join(
        [*STORY, *(f"Farmers of village {n} sold {n}00 sacks of grain to mills at harbours." for n in range(9))]
    )
    head = linked({"@type": "NewsArticle", "headline": HEADLINE, "articleBody": body})
    shut = f"<article><h1>{HEADLINE}</h1><p>{STORY[0]}</p><div>Subscribe now to read on.</div></article>"
    assert page(shut, head).text == f"{HEADLINE}\n\n{body}"
    assert whole(article("", head.replace(body[300:], ""))) == [HEADLINE, *STORY]


def test_a_power_and_a_footnote_mark_do_not_become_part_of_a_number_or_word() -> None:
    inside = (
        '<p>It has 10<sup>6</sup> m<sup>2</sup> and a wall<sup><a href="#n">3</a></sup> of the 2<sup>nd</sup> kind.</p>'
    )
    assert whole(article(inside))[1] == "It has 10^6 m2 and a wall[3] of the 2nd kind."


# Captions


@pytest.mark.parametrize(
    "inside",
    [
        "<figure><img src=a><figcaption>Photograph of the harbour.</figcaption></figure>",
        "<figure><div data-src=a></div><figcaption><p>Photograph of the harbour.</p></figcaption></figure>",
        '<div class="wp-caption"><img src=a><p class="wp-caption-text">Photograph of the harbour.</p></div>',
        '<img src=a><span class="c-image__caption">Photograph of the harbour.</span>',
        '<p class="photo-credit">Photograph: Reuters, on Tuesday.</p>',
    ],
)
def test_captions_are_not_in_the_text(inside: str) -> None:
    assert whole(article(inside)) == [HEADLINE, *STORY]


def test_what_a_figure_shows_as_text_stays_with_its_caption() -> None:
    table = (
        "<figure><table><tr><td>Norway</td><td>12</td></tr></table><figcaption>Envoys by country.</figcaption></figure>"
    )
    quote = "<figure><blockquote>We will not go.</blockquote><figcaption>Ana Lesk, envoy</figcaption></figure>"
    left = ["Norway | 12", "Envoys by country.", "We will not go.", "Ana Lesk, envoy"]
    assert whole(article(table + quote))[1:5] == left


def test_a_page_of_pictures_keeps_their_captions() -> None:
    pictures = "".join(f"<figure><img src=a><figcaption>{text}</figcaption></figure>" for text in STORY)
    assert whole(page(f"<h1>{HEADLINE}</h1>{pictures}")) == [HEADLINE, *STORY]


# What the page says of itself


NEWS = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": HEADLINE,
    "datePublished": "2025-03-12T23:30:00-05:00",
    "dateModified": "2025-03-14T08:00:00Z",
    "author": [{"@type": "Person", "name": "Anna Smith"}, {"@type": "Person", "name": "By Omar Haddad"}],
    "publisher": {"@type": "Organization", "name": "Evening Post"},
}
OTHER = {
    **NEWS,
    "headline": "Bread",
    "datePublished": "2019-01-01",
    "author": "Bo Crust",
    "publisher": {"name": "Crumbs"},
}


@pytest.mark.parametrize(
    "head",
    [
        linked(NEWS),
        linked([{"@type": "BreadcrumbList"}, OTHER, NEWS]),
        linked(OTHER, {"@graph": [{"@type": "WebPage", "mainEntity": {**NEWS, "@type": ["Thing", "NewsArticle"]}}]}),
        linked(OTHER, NEWS).replace("}</script>", ",}</script>"),
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": </script>' + linked(NEWS),
        f'<script type="application/ld+json">//<![CDATA[\n{json.dumps(NEWS)}\n//]]></script>',
    ],
)
def test_linked_data_of_the_page_s_own_article_names_it(head: str) -> None:
    extract = article("", head)
    found = (extract.title, extract.author, extract.outlet, extract.date, extract.updated)
    assert found == (HEADLINE, "Anna Smith, Omar Haddad", "Evening Post", "2025-03-12", "2025-03-14")


def test_linked_data_may_name_author_and_outlet_elsewhere() -> None:
    news = {**NEWS, "author": {"@id": "#anna"}, "publisher": {"@id": "#post"}}
    graph = [news, {"@type": "Person", "@id": "#anna", "name": "Anna Smith"}, {"@id": "#post", "name": "Evening Post"}]
    extract = article("", linked({"@graph": graph}))
    assert (extract.author, extract.outlet) == ("Anna Smith", "Evening Post")


def test_linked_data_of_other_stories_alone_says_nothing() -> None:
    extract = article("", linked(OTHER, {**OTHER, "headline": "Butter"}))
    assert (extract.date, extract.updated, extract.outlet) == (None, None, None)


@pytest.mark.parametrize(
    ("head", "inside", "days"),
    [
        ('<meta property="article:published_time" content="2025-03-12T08:00:00Z">', "", ("2025-03-12", None)),
        (
            '<meta name="pubdate" content="20250312T080000Z"><meta property="og:updated_time" content="1741996800">',
            "",
            ("2025-03-12", "2025-03-15"),
        ),
        ('<meta name="date" content="03/12/2025">', "", (None, None)),
        ("", '<p><time datetime="2025-03-12T10:00">12 March</time></p>', ("2025-03-12", None)),
        (
            "",
            '<p>Published <time datetime="2025-03-12">12</time> Updated <time datetime="2025-03-14">14</time></p>',
            ("2025-03-12", "2025-03-14"),
        ),
        (
            "",
            '<time class="entry-date published" datetime="2025-03-12">x</time>'
            '<time class="updated" datetime="2025-03-14">x</time>',
            ("2025-03-12", "2025-03-14"),
        ),
        ("", '<time datetime="2025-03-12">a</time><time datetime="2024-02-01">b</time>', (None, None)),
        ("", '<span itemprop="datePublished" content="2025-03-12">12</span>', ("2025-03-12", None)),
        ("", "<p>12 March 2025</p><p>Updated: 14 March 2025</p>", ("2025-03-12", "2025-03-14")),
        ("", f"<p>{STORY[0]}</p><p>12 March 2025</p>", (None, None)),
        ('<link rel="canonical" href="https://post.example/2019/05/04/talks.html">', "", (None, None)),
        ("", "<p>On 3 May 2014 they had met, and on 5 June 2015 they parted without a result.</p>", (None, None)),
    ],
)
def test_the_days_of_a_page_are_those_that_it_states(
    head: str, inside: str, days: tuple[str | None, str | None]
) -> None:
    extract = article(inside, head)
    assert (extract.date, extract.updated) == days


def test_the_date_of_a_copyright_or_of_another_story_dates_no_page() -> None:
    aside = '<aside><time class="published" datetime="2020-01-01">x</time></aside><footer>© 2023 Post</footer>'
    assert article(aside).date is None


@pytest.mark.parametrize(
    ("head", "outlet"),
    [
        ('<meta property="og:site_name" content="Evening Post">', "Evening Post"),
        ('<meta name="dc.publisher" content="Evening Post">', "Evening Post"),
        (linked({"@type": "NewsMediaOrganization", "name": "Evening Post"}), "Evening Post"),
        ('<link rel="canonical" href="https://www.post.example/talks">', None),
        ('<meta name="twitter:site" content="@post">', None),
    ],
)
def test_the_outlet_is_the_one_that_the_page_names(head: str, outlet: str | None) -> None:
    assert article("", head).outlet == outlet


def test_the_name_of_the_outlet_is_no_part_of_the_title() -> None:
    title = f'<meta property="og:title" content="{HEADLINE} | Evening Post">'
    assert article("", f'{title}<meta property="og:site_name" content="Evening Post">').title == HEADLINE


def test_linked_data_as_deep_as_a_bomb_does_no_harm() -> None:
    bomb = '<script type="application/ld+json">' + "[" * 100_000 + "</script>"
    assert article("", bomb + linked(NEWS)).date == "2025-03-12"
