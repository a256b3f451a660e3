"""What kind of answer a question asks for: which documents mention something, a comparison, a summary, or a fact.

A question that is not surely one of the first three is one for a fact: it is read as every question is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.conversation import last_question
from rag.words import content_words, words

MOST_SIDES = 4
_LONGEST = 400  # characters of a question that is surely one of these
_LONGEST_NAME = 10  # words of a name or phrase that is looked for letter by letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """Which documents hold `phrases`: each of them, or with `any_of` at least one.

    `outlets`: who published them is asked, and the question may be one for a fact after all.
    """

    phrases: tuple[str, ...]
    any_of: bool = False
    outlets: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What each of the named `sides` says about `topic`; empty where only "it" is asked about."""

    sides: tuple[str, ...]
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What documents say in short: the one called `name`, else those that speak of `topic`; with neither, all.

    Where no document is called `name`, and there is no topic, the question may be one for a fact after all, unless it
    is `certain` that a document is meant.
    """

    name: str = ""
    topic: str = ""
    certain: bool = False


Task = Mentions | Comparison | Summary

_NOUN = r"(?:documents?|(?:news )?(?:reports?|articles?|stories)|files?|texts|pdfs?|emails?)"
_THESE = r"(?:(?:the|my|our|your|these|those|this|that|all|all of|any of|both|selected|chosen|indexed|uploaded) )*"
_DOCUMENTS = rf"{_THESE}(?:{_NOUN}|collection|sources)"
_AT_ALL = rf"(?: (?:anywhere|at all|here|by name|(?:in|among|across) {_DOCUMENTS}))?"
_PLEASE = r"^\W*(?:(?:please|can you|could you|would you|will you|i want you to)\W+)*"
_END = r"(?:,? please)?[\s?.!]*$"

_SPEAK = (
    r"(?:mention(?:s|ed|ing)?|talk(?:s|ed|ing)? about|speaks? (?:of|about)|refer(?:s|red|ring)? to|"
    r"discuss(?:es|ed|ing)?|contain(?:s|ing)?|write(?:s)? about|deal(?:s|ing)? with|(?:is|are) about|"
    r"reports? (?:on|about)|reported (?:on|about)|cover(?:s|ed)?|"
    r"(?:says?|has|have) (?:anything|something) (?:about|on))"
)
_WHICH = rf"(?:which|what|how many)(?: of)? {_THESE}{_NOUN}"
_SHOWN = r"(?:list|show(?: me)?|find(?: me)?|give me|name)"
_APPEAR = r"(?:appear|occur|come up|turn up|figure|(?:is|are|was|were|get|gets|got) (?:mentioned|named|discussed))"
_MENTIONS = tuple(
    re.compile(_PLEASE + pattern + _AT_ALL + _END, re.IGNORECASE)
    for pattern in (
        rf"{_WHICH} (?:(?:do|does|did|have|has|that|which) )?(?:also )?{_SPEAK} (?P<phrase>.+?)",
        rf"in (?:which|what|how many)(?: of)? {_THESE}{_NOUN} (?:do|does|did) (?P<phrase>.+?) "
        r"(?:appear|occur|come up|turn up|figure)",
        rf"in (?:which|what|how many)(?: of)? {_THESE}{_NOUN} (?:is|are|was|were) (?P<phrase>.+?) "
        r"(?:mentioned|named|discussed)",
        rf"{_SHOWN} (?:all |every |the |me )*{_NOUN} (?:(?:(?:that|which) )?{_SPEAK}|about|on) (?P<phrase>.+?)",
        rf"{_SHOWN} (?:all |every |the |me )*{_NOUN} (?:where|in which) (?P<phrase>.+?) {_APPEAR}",
        rf"where (?:is|are) (?P<phrase>.+?) mentioned (?:in|among|across) {_DOCUMENTS}",
        rf"where (?:do|does) (?P<phrase>.+?) (?:appear|come up) (?:in|among|across) {_DOCUMENTS}",
        rf"do any (?:of )?{_DOCUMENTS} {_SPEAK} (?P<phrase>.+?)",
    )
)
_OUTLETS = re.compile(
    _PLEASE + r"(?:who(?: (?:else|has|have))* reported (?:on|about)|"
    r"(?:which|what) (?:news )?(?:outlets?|newspapers?|media|agency|agencies|publications?)(?: (?:have|has))? "
    r"(?:report(?:ed|s)? (?:on|about)|cover(?:ed|s)?|wr[io]te(?:s)? about|mention(?:ed|s)?)) (?P<phrase>.+?)" + _END,
    re.IGNORECASE,
)
_CALLED = re.compile(r"^(?:the (?:words?|names?|phrases?|terms?|topics?|subjects?) )(?:of )?", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|an?|both|either)\s+", re.IGNORECASE)
_CLAUSE = re.compile(r"^(?:that|who|whom|what|how|why|whether|when|where|which|it|them|this|these)\b", re.IGNORECASE)
_JOINED = re.compile(r",?\s+(and|or)\s+(?:the\s+)?|,\s+", re.IGNORECASE)
_AGAIN = re.compile(r"^\W*(?:and|or|what about|how about)\s+(?P<phrase>[^?]+?)\W*$", re.IGNORECASE)
_QUOTED = re.compile(r"^[\"“”„«'‘](?P<inner>[^\"“”„«»'‘’]+)[\"“”«»'’]$")

_LIST = r"(?P<sides>[^?;:]+?(?:,| and | or )[^?;:]+?)"
_SAY = r"(?:say|said|tell|told us|think|thought|claim|write|believe|report)"
_VIEWS = r"(?:views?|positions?|stances?|statements?|accounts?|versions?|reactions?|opinions?|arguments?|claims?)"
_OF = r"(?: (?:of|on|about|to|towards?|regarding|over|concerning) (?P<topic>.+?))?"
_COMPARISONS = tuple(
    re.compile(_PLEASE + pattern + _END, re.IGNORECASE)
    for pattern in (
        rf"(?:what|how) (?:do|did|does) (?:both )?{_LIST} (?:each )?{_SAY} (?:about|of|on|to) (?P<topic>.+?)",
        rf"how (?:do|did|does|have) (?:both )?{_LIST} (?:each )?"
        r"(?:see|view|regard|describe|judge|assess|explain|present|react(?:ed)? to|respond(?:ed)? to|feel about|"
        r"look at) (?P<topic>.+?)",
        rf"compare what {_LIST} (?:{_SAY}|have said|has said) (?:about|of|on|to) (?P<topic>.+?)",
        rf"compare (?:the )?{_VIEWS} of {_LIST} (?:of|on|about|regarding) (?P<topic>.+?)",
        rf"compare (?P<one>[^?;:,]+?)[’']s? (?:{_VIEWS} )?(?:and|with) (?P<other>[^?;:,]+?)[’']s? {_VIEWS}{_OF}",
        rf"how (?:does|do|did) (?P<one>[^?;:,]+?)[’']s? {_VIEWS}{_OF} (?:differ|diverge) from "
        r"(?:that of (?P<that>[^?;:,]+?)|(?P<other>[^?;:,]+?)(?:[’']s?)?)",
        rf"how (?:do|did) (?:the )?{_VIEWS} of {_LIST} (?:of|on|about|regarding) (?P<topic>.+?) differ",
        rf"how (?:do|did) {_LIST} differ (?:on|over|about|in their (?:view|views|opinion|account) of) (?P<topic>.+?)",
        rf"(?:where|on what) (?:do|did) {_LIST} (?:disagree|differ) (?:on|over|about) (?P<topic>.+?)",
    )
)
_NAME = r"(?:[^\W\d_a-z][\w’'.&-]*|of|the|for|de|al|von|van)"
_SIDE = re.compile(rf"^(?:the )?{_NAME}(?: {_NAME})*$|^the [a-z][\w-]+(?: [a-z][\w-]+)?$")
_NOBODY = frozenset("it they he she we you i one them people others many some both who which that this".split())

_ASKING = re.compile(
    r"^\W*(?:who|what|when|where|why|how|which)\b(?: (?:is|are|was|were|do|does|did|has|have|will|would|can))?\s*",
    re.IGNORECASE,
)

_SUMMARISE = (
    r"(?:summari[sz]e|sum up|tl;?dr|(?:give|write|make|show)(?: me| us)? (?:an?|the) "
    r"(?:(?:short|brief|quick|concise) )?(?:summary|overview|digest)(?: (?:of|about|on))?|"
    r"(?:an?|the) (?:(?:short|brief|quick) )?(?:summary|overview) (?:of|about|on)|"
    r"(?:can|may) i (?:have|get) (?:an?|the) (?:(?:short|brief|quick) )?(?:summary|overview)(?: (?:of|about|on))?)"
)
_ALONE = re.compile(_PLEASE + r"(?:(?:an? )?(?:short |brief |quick )?(?:summary|overview))" + _END, re.IGNORECASE)
_SUMMARY = re.compile(rf"{_PLEASE}{_SUMMARISE}(?:[\s:]+(?P<what>.+?))?{_END}", re.IGNORECASE | re.DOTALL)
_BRIEFLY = r"(?:in short|in brief|briefly|in a nutshell|in a few (?:words|sentences)|in summary)"
_SAID_IN_SHORT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_PLEASE}what (?:do|does|did) (?P<what>{_DOCUMENTS}) (?:say|tell us|report)(?: about (?P<topic>.+?))?,? "
        rf"{_BRIEFLY}{_END}",
        rf"{_PLEASE}{_BRIEFLY},? what (?:do|does|did) (?P<what>{_DOCUMENTS}) (?:say|tell us|report)"
        rf"(?: about (?P<topic>.+?))?{_END}",
        rf"{_PLEASE}what (?:is|are) (?P<what>(?:these|those|my|all the|the selected|all these) "
        rf"(?:{_NOUN}|sources)|this (?:document|report|article|file)|the collection) (?:all )?about{_END}",
    )
)
_ABOUT = re.compile(
    rf"{_PLEASE}(?:what (?:is|was)|what[’']s) (?:the |this )?(?P<kind>document|report|article|file|pdf|text) "
    rf"(?:called |named |titled |entitled )?(?P<name>.+?) about{_END}|"
    rf"{_PLEASE}(?:what (?:is|was)|what[’']s) (?P<quoted>[\"“][^\"”]+[\"”]|\S+\.[a-z]{{2,5}}) about{_END}",
    re.IGNORECASE,
)
_WHAT_IS_SAID = re.compile(
    rf"^(?:what {_DOCUMENTS} (?:say|says|report|reports|tell us)|everything (?:that )?(?:is )?said|{_DOCUMENTS}) "
    r"(?:about|on) (?P<topic>.+)$",
    re.IGNORECASE,
)
_ALL = re.compile(
    rf"^(?:{_DOCUMENTS}|everything|it all|all|all of (?:it|them)|this|these|them|it|what (?:is|was) said|the news)"
    rf"(?: {_BRIEFLY})?$",
    re.IGNORECASE,
)
_A_DOCUMENT = re.compile(
    r"^(?:the |this |my |our )?(?:document|report|article|file|pdf|text|paper|email)\s+"
    r"(?:called |named |titled |entitled )?(?P<name>.+)$",
    re.IGNORECASE,
)
_FILE = re.compile(r"^(?:\S*[/\\])?\S+\.[A-Za-z0-9]{2,5}$|^\S*/\S+$")
_ON = re.compile(r"^(?:about|on|of|regarding|concerning)\s+", re.IGNORECASE)


def task_of(question: str) -> Task | None:
    """What is asked for other than a fact; None where it is a fact, or might be."""
    question = " ".join(question.split())
    asked = last_question(question)
    before = question.removesuffix(asked).strip(" ?.!")
    if len(asked) > _LONGEST:
        return None
    return _mentions(asked) or _comparison(asked, before) or _summary(asked)


def stands_alone(task: Task | None) -> bool:
    """Whether a task says itself what it is about: "the strike", not "it"."""
    if task is None:
        return False
    named = task.phrases if isinstance(task, Mentions) else (task.name,) if isinstance(task, Summary) else ()
    about = " ".join([*named, "" if isinstance(task, Mentions) else task.topic])
    return bool(content_words(about))


def _mentions(asked: str) -> Mentions | None:
    first, _, rest = asked.partition("? ")
    again = _AGAIN.match(rest)
    if again and (earlier := _mentions(first)):  # "Which reports mention Lisk? And Hale?"
        phrase = _phrase(again["phrase"])
        return Mentions(phrases=(phrase,), outlets=earlier.outlets) if phrase else None
    for pattern in (*_MENTIONS, _OUTLETS):
        if match := pattern.match(asked):
            return _looked_for(match["phrase"], outlets=pattern is _OUTLETS)
    return None


def _looked_for(text: str, *, outlets: bool) -> Mentions | None:
    """The phrases of "both A and B", "A or B", or of one name that may hold an "and" itself."""
    text = _CALLED.sub("", text.strip())
    if _QUOTED.match(text):
        parts, joints = [text], {""}
    else:
        pieces = _JOINED.split(text)
        parts, joints = pieces[::2], {(one or "").lower() for one in pieces[1::2]}
    if {"and", "or"} <= joints or ("" in joints and len(parts) == 2):  # "Paris, Texas"
        parts, joints = [text], {""}
    phrases = tuple(dict.fromkeys(_phrase(part) for part in parts))
    if not all(phrases):
        return None
    return Mentions(phrases=phrases, any_of="or" in joints, outlets=outlets)


def _phrase(text: str) -> str:
    """A name or term as it is looked for, without article and marks; empty where it is none."""
    text = text.strip(" ?!,;:")
    if quoted := _QUOTED.match(text):
        text = quoted["inner"].strip()
    elif _CLAUSE.match(text) or len(text.split()) > _LONGEST_NAME:
        return ""
    else:
        text = re.sub(r"[’']s?$", "", _ARTICLE.sub("", _CALLED.sub("", text)))
    return text if words(text) else ""


def _comparison(asked: str, before: str) -> Comparison | None:
    for pattern in _COMPARISONS:
        if match := pattern.match(asked):
            found = match.groupdict()
            both = (found.get("one"), found.get("that") or found.get("other"))
            sides = _sides(found["sides"]) if found.get("sides") else tuple(one.strip() for one in both if one)
            topic = found.get("topic") or ""
            if topic.lower().strip(" ?") in _NOBODY or not topic:
                topic = _ASKING.sub("", before)
            return Comparison(sides=sides, topic=topic) if _are_sides(sides) else None
    return None


def _sides(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r",\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+", text) if part.strip())


def _are_sides(sides: tuple[str, ...]) -> bool:
    """Whether all are names, or things with an article ("the union"), and few enough to stand beside one another."""
    return 2 <= len({" ".join(words(side)) for side in sides}) == len(sides) <= MOST_SIDES and all(
        _SIDE.match(side) and content_words(side) and side.lower() not in _NOBODY for side in sides
    )


def _summary(asked: str) -> Summary | None:
    for pattern in _SAID_IN_SHORT:
        if match := pattern.match(asked):
            return Summary(topic=_topic(match.groupdict().get("topic") or ""))
    if match := _ABOUT.match(asked):
        quoted = match["quoted"] or ""
        return Summary(name=_unquoted(quoted or match["name"]), certain=bool(_FILE.match(quoted)))
    if _ALONE.match(asked):
        return Summary()
    match = _SUMMARY.match(asked)
    if match is None:
        return None
    what = (match["what"] or "").strip()
    if not what or _ALL.match(_ON.sub("", what)):
        return Summary()
    if said := _WHAT_IS_SAID.match(what):
        return Summary(topic=_topic(said["topic"]))
    named = _A_DOCUMENT.match(_ON.sub("", what))
    if named and not _ON.match(named["name"]) and not _CLAUSE.match(named["name"]):
        return Summary(name=_unquoted(named["name"]), certain=True)
    if _QUOTED.match(what) or _FILE.match(what):
        return Summary(name=_unquoted(what), certain=True)
    about = _topic(named["name"] if named else what)
    return Summary(name="" if named else about, topic=about)


def _topic(text: str) -> str:
    return _ON.sub("", text.strip(" ?.!"))


def _unquoted(text: str) -> str:
    text = text.strip(" ?!")
    quoted = _QUOTED.match(text)
    return quoted["inner"] if quoted else text.strip('"“”')
