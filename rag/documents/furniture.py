"""What on a web page belongs to the site rather than to the article: told by marks, by names and by a few phrases."""

from __future__ import annotations

import re
from typing import Any

from rag.documents.extract import one_line
from rag.documents.hypertext import HEADINGS, INVISIBLE, is_hidden
from rag.sentences import is_pointer

_AROUND = (
    "nav", "footer", "aside", "amp-consent", "amp-sidebar", "amp-user-notification", "amp-social-share", "amp-ad",
    "amp-embed", "amp-sticky-ad", "amp-lightbox",
)  # fmt: skip
_PICTURES = ("img", "picture", "video", "audio", "canvas", "svg", "iframe", "object", "amp-img", "amp-video")
_SHOWING = ("table", "blockquote", "pre", "code", "q")  # a figure of these is no picture
_QUOTING = ("blockquote", "figure")  # their footer says whose words they are
_ROLES = {"dialog", "alertdialog", "navigation", "search", "complementary", "contentinfo"}
_ARTICLE = ("html", "head", "body", "main", "article")
_POINTING = ("p", "div", "li", "aside", "section", "ul", "h2", "h3", "h4", "h5", "h6")

_NAME = (
    r"(?:cookies?|consent|gdpr|newsletters?|subscribe|sign-?up|share|sharing|social|related|recommended|"
    r"recommendations|read-?more|also-?read|read-?also|more-?on|most-?(?:read|popular)|trending|breadcrumbs?|navbar|sidebar|"
    r"promo|comments|comment-list|disqus|advert(?:isement)?|skip-?link)"
)
_PLACE = (  # words beside such a name that say where or how it is shown; any other may be what an article is about
    r"(?:c|o|m|js|wp|td|is|has|the|article|story|post|page|site|main|entry|content|body|widget|block|box|bar|banner|"
    r"panel|popup|modal|overlay|notice|inline|sticky|top|bottom|left|right|inner|outer|wrap|wrapper|container|section|"
    r"module|component|area|group|row|list|items?|links?|buttons?|btn|icons?|tools?|menu|media|feed|form|header|heading|"
    r"title|footer|stories|articles|posts|news|topics|reading|headlines|teasers?|cards?|videos?|email|daily|\d+)"
)
_CAPTION = re.compile(
    r"(?:(?:wp|c|image|img|photo|picture|media|figure|video|gallery|lead|main|inline|article|story|text|block|box|"
    r"container|wrapper|content)-)*(?:captions?|photo-?credits?|image-?credits?|media-?credits?|credits?)"
    r"(?:-(?:text|wrapper|container|inner|block|box|content|line|\d+))*"
)
_FURNITURE = re.compile(rf"(?:^|-){_NAME}(?:$|-)")
_WHOLLY_FURNITURE = re.compile(rf"(?:{_PLACE}-)*{_NAME}(?:-(?:{_NAME}|{_PLACE}))*")
_LONGEST_NAME = 80  # characters
_WORD = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")

_OPENS_POINTER = re.compile(
    r"[\W_]*(?:read (?:more|also|next)|also (?:read|on|from)|see also|more (?:on|from|about)|related|recommended|"
    r"you (?:may|might) also like|watch|listen|don['’]t miss)(?![\w-])",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"""by\ (?:signing\ up|subscribing|registering|submitting)\b.{0,80}?\byou\ (?:agree|consent)\b
        .*\b(?:terms|polic(?:y|ies)|conditions)\b.*
    |(?:sign\ up|subscribe)(?:\ (?:here|now|today))?\ (?:to|for)\ (?:our|the|your)\b.{0,60}?
        \b(?:newsletters?|alerts?|briefings?)\b.*
    |share\ (?:this|the)\ (?:article|story|page|post|video)(?:\ (?:on|via|by)\ [\w\ ,/&+-]{1,80})?\W*
    |(?:advertisement|sponsored(?:\ content)?)\W*
    |(?:copyright\s*)?(?:©|\(c\))\s*(?:copyright\s*)?(?:19|20)\d\d\b.*
    |(?:copyright\b|©).*\ball\ rights\ reserved\W*|\W*all\ rights\ reserved\W*""",
    re.IGNORECASE | re.VERBOSE,
)
_SAID = re.compile(r"\b(?:said|says|told|asked|urged|added|wrote)\b", re.IGNORECASE)
_CAPTION_LENGTH = 600  # characters
_BOX_LENGTH = 800  # characters; a longer one is a box only if most of it is links
_LINE_LENGTH = 200  # characters; a longer paragraph says something itself
_MOSTLY = 0.8  # share of links above which a text is one


def prune(page: Any) -> None:
    """Remove what is no part of an article, in place."""
    _drop_captions(page)
    for element in list(page.iter(*INVISIBLE)):
        element.drop_tree()
    whole = len(page.text_content())
    for element in list(page.body.iter() if page.body is not None else ()):
        if element.getparent() is not None and isinstance(element.tag, str) and _is_furniture(element, whole):
            element.drop_tree()
    # Backwards, so that a box is judged by what is left in it.
    for element in reversed(list(page.iter(*_POINTING))):
        if element.getparent() is not None:
            _drop_pointer(element)


def _drop_captions(page: Any) -> None:
    """Drop what is said of pictures, unless it is most of what the page says."""
    shown = page.iter("figure", "table", "figcaption", "div", "p", "span", "small", "cite")
    captions = {element for element in shown if _is_caption(element)}
    outer = [element for element in captions if captions.isdisjoint(element.iterancestors())]
    if 2 * sum(len(element.text_content()) for element in outer) < len(page.text_content()):
        for element in outer:
            element.drop_tree()


def _is_caption(element: Any) -> bool:
    if element.tag == "figcaption":
        figure = next(element.iterancestors("figure"), None)
        said = figure.iter(*_SHOWING, "p") if figure is not None else ()
        return all(element in other.iterancestors() for other in said)
    if any(True for _ in element.iter("h1", "article", "main", *_SHOWING[1:])):
        return False
    pictured = any(True for _ in element.iter(*_PICTURES))
    if element.tag == "figure":
        return pictured and not any(True for _ in element.iter("table"))
    short = len(element.text_content()) < _CAPTION_LENGTH
    if element.tag == "table":  # beside the text, as pages were once laid out
        return pictured and short and element.get("align", "").lower() in ("left", "right")
    return short and any(_CAPTION.fullmatch("-".join(_words(name))) for name in element.get("class", "").split())


def _drop_pointer(element: Any) -> None:
    """Drop what only points elsewhere, and the links below it.

    A label stays with a headline that is no link, and a heading that is none with the text below it.
    """
    if not _points(element):
        return
    text, following = one_line(element.text_content()), element.getnext()
    if following is not None and not (element.tail or "").strip():
        if _links(following) > _MOSTLY:
            following.drop_tree()
        elif (element.tag in HEADINGS and not _links(element)) or is_pointer(
            f"{text}\n{one_line(following.text_content())}", len(text) + 1
        ):
            return
    element.drop_tree()


def is_filler(line: str, linked: float) -> bool:
    """Whether a line, of which this share is links, is the outlet's own: where to read on, sign up, share; rights."""
    if linked > _MOSTLY and _OPENS_POINTER.match(line):
        return True
    return len(line) <= _LINE_LENGTH and _BOILERPLATE.fullmatch(line) is not None and not _SAID.search(line)


def _is_furniture(element: Any, whole: int) -> bool:
    """Whether an element belongs to the site rather than to the article; never one that holds the article.

    A small <article> in a box is a card of another story.
    """
    held = (len(article.text_content()) for article in element.iter("article"))
    if element.tag in _ARTICLE or any(True for _ in element.iter("h1", "main")) or max(held, default=0) > 0.4 * whole:
        return False
    if element.tag == "footer" and element.getparent().tag in _QUOTING:
        return False
    if element.tag in _AROUND or element.get("role") in _ROLES:
        return True
    links = _links(element)
    named = _FURNITURE.search if links > 0.5 else _WHOLLY_FURNITURE.fullmatch
    if not is_hidden(element) and not any(map(named, _names(element, links))):
        return False
    length = len(element.text_content())
    return length < 0.6 * whole and (length < _BOX_LENGTH or links > 0.5)


def _names(element: Any, links: float) -> list[str]:
    """Classes and id as words joined by hyphens; without an id made from a heading, unless most of it is links.

    What writes pages makes such ids from the words of headings, so that they tell of the article.
    """
    names = element.get("class", "").split()
    if element.tag not in HEADINGS:
        own = element.get("id", "")
        said = {word for heading in element.iter(*HEADINGS) for word in _words(heading.text_content())}
        made = all(word in said or word.isdigit() for word in _words(own))
        names += [] if made and links <= 0.5 else own.split()
    return ["-".join(_words(name)) for name in names if len(name) <= _LONGEST_NAME]


def _words(name: str) -> list[str]:
    return _WORD.findall(_HUMP.sub("-", name).lower())


def _points(element: Any) -> bool:
    """Whether all that an element says is where to read on ("Read more: …"); never a sentence without a link."""
    text = one_line(element.text_content())
    linked = _links(element)
    if linked > _MOSTLY and element.tag not in HEADINGS and _OPENS_POINTER.match(text):
        return True
    if (linked <= _MOSTLY and len(text) > _LINE_LENGTH) or not is_pointer(text):
        return False
    return bool(linked) or not text.rstrip("\"”’')").endswith((".", "!"))


def _links(element: Any) -> float:
    """The share of an element's text that is link, 0 to 1."""
    whole = len(one_line(element.text_content()))
    linked = sum(len(one_line(link.text_content())) for link in element.iter("a"))
    return linked / whole if whole else 0.0
