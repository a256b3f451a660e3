"""True sentences made from a source by rules that cannot change what it says, for `eval.liar`."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from eval.scenes import DAYS, MONTHS, NAME, YEAR, either

_PARENTHESIS = re.compile(r"\s*\([^()]*\)")
_RELATIVE = re.compile(
    r",\s(?:which|who|whose|where)\b[^,;:“”\"()]*(?:,(?=\s(?!(?:and|or|but|which|who|whose|where)\b))|(?=\.$))"
)
_PARTICIPLE = re.compile(
    r",\s(?:including|making|leading|causing|leaving|giving|allowing|resulting|becoming|with)\b[^,;:]*(?=\.$)"
)
_BUT = re.compile(
    r",\s(?:but|although|though|while|whereas|and)\s(?:(?:the|it|he|she|they|this|there|his|her|its|their)\s)[^;:“”\"]*(?=\.$)"
)
_APPOSITIVE = re.compile(
    rf"^({NAME.pattern}),\s(?:an?|the)\s[^,;:“”\"()]+,\s(?=(?:is|was|are|were|has|had|will|said|says|[a-z]+ed)\b)"
)
_LINKS = either(
    """However In~addition Additionally Furthermore Moreover Also Therefore Thus For~example For~instance As~a~result
    In~fact Finally Consequently Nevertheless Meanwhile"""
)
_OPENING = re.compile(rf"^{_LINKS},\s")
_LIST = re.compile(r",\s(?:and|or)\s")

_SAYING = either(
    "said says stated states claimed argued argues reported noted suggested suggests believed believes wrote writes"
    " concluded explained explains"
)
_THAT = re.compile(rf"^((?:The\s|A\s|An\s)?[^,;:“”\"]{{2,60}}?|He|She|They)\s({_SAYING})\sthat\s([^“”\"]+)\.$")
_FIRST = re.compile(r"^According to ((?:the\s|a\s|an\s)?[^,“”\"]{2,60}),\s([^“”\"]+)\.$")
_LAST = re.compile(r"^([^“”\"]+),\saccording to ((?:the\s|a\s|an\s)?[^,“”\"]{2,60})\.$")
_QUOTED = re.compile(rf"^[“\"]([^“”\"]+?),?[”\"],?\s(?:said|says)\s({NAME.pattern})(?:,\s[^“”\"]+)?\.$")
_PRONOUNS = {"He": "him", "She": "her", "They": "them"}

_REWRITES = tuple(
    (re.compile(found), put)
    for found, put in (
        (rf"\b({'|'.join(MONTHS)}) (\d{{1,2}}), (\d{{4}})\b", r"\2 \1 \3"),
        (rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b", r"\2 \1, \3"),
        (r"(?<=\d) ?%", " percent"), (r"(?<=\d) (?:percent|per cent)\b", "%"),
        (r"\b(is|are|was|were|did|does|do|has|had|have) not\b", r"\1n't"),
        (r"\b(is|are|was|were|did|does|do|has|had|have)n[’']t\b", r"\1 not"), (r"\bcannot\b", "can not"),
        (r"\bthree\b(?= [a-z])", "3"), (r"\bfour\b(?= [a-z])", "4"), (r"\bfive\b(?= [a-z])", "5"),
        (r"\bsix\b(?= [a-z])", "6"), (r"\bseven\b(?= [a-z])", "7"), (r"\beight\b(?= [a-z])", "8"),
        (r"(?<=[ ])(\d{1,3}),(\d{3})(?=[ .])", r"\1\2"), (r"\bthe United States\b", "the US"),
        (r"\bthe United Kingdom\b", "the UK"), (r"(?<=\d) million\b", "m"),
        (r"\bcolour\b", "color"), (r"\bcenter\b", "centre"),
    )
)  # fmt: skip
_WORDS = tuple(
    (re.compile(rf"(?<![-\w])(?:{found})(?![-\w])"), put)
    for found, put in (
        ("approximately", "about"), ("began to", "started to"), ("purchased", "bought"), ("constructed", "built"),
        ("numerous", "many"), ("frequently", "often"), ("attempted to", "tried to"), ("however", "though"),
        ("due to", "because of"), ("because of", "due to"), ("in order to", "to"), ("is located in", "lies in"),
        ("also known as", "also called"), ("obtained", "got"), ("resided in", "lived in"),
        ("for example", "for instance"),
        ("such as", "like"), ("roughly", "about"), ("nearly", "almost"), ("throughout", "all over"),
        ("additional", "further"), ("assisted", "helped"), ("children", "kids"), ("largest", "biggest"),
        ("primarily", "mainly"), ("mainly", "mostly"), ("usually", "normally"), ("received", "got"),
        ("situated", "located"), ("prior to", "before"), ("subsequently", "later"), ("consists of", "is made up of"),
        ("film", "movie"), ("as well as", "and also"), ("entire", "whole"), ("remained", "stayed"),
        ("required", "needed"), ("requires", "needs"), ("rapidly", "quickly"), ("commonly", "often"),
        ("the majority of", "most of"), ("demonstrated", "showed"), ("sufficient", "enough"), ("permitted", "allowed"),
        ("a number of", "several"), ("utilized", "used"), ("whilst", "while"), ("is called", "is known as"),
    )
)  # fmt: skip

_NOUNS = r"(?:the|a|an|[A-Z]|\d)"
_MONTH = either(" ".join(MONTHS))
_DATED = re.compile(
    r"^(?:(?:early|late|mid|around|about)[ -])?"
    rf"(?:(?:{_MONTH}|{either(' '.join(DAYS))})\b.*|(?:the\s)?\d{{3,4}}s?|\d{{1,2}}\s{_MONTH}.*)$"
)
_DONE = (
    "born founded established built released published created formed completed opened introduced signed killed "
    "elected appointed destroyed discovered invented abolished launched held adopted passed ratified written named "
    "first built first published first used discovered developed captured defeated crowned executed buried"
)
_WHEN_DONE = re.compile(rf"^When (was|were) (.+) ({'|'.join(dict.fromkeys(_DONE.split()))})( [^?,]*)?\?$")
_THERE = either("born located held buried founded built based headquartered situated killed signed")
_WHERE_DONE = re.compile(rf"^Where (was|were|is|are) (.+) ({_THERE})\?$")
_VERBS = {
    "begin": "began", "die": "died", "win": "won", "become": "became", "open": "opened", "end": "ended",
    "start": "started", "join": "joined", "move": "moved", "sign": "signed", "release": "released", "leave": "left",
    "publish": "published", "return": "returned", "marry": "married", "arrive": "arrived", "occur": "occurred",
    "happen": "happened", "retire": "retired", "close": "closed", "create": "created", "establish": "established",
    "invade": "invaded", "build": "built", "take place": "took place", "introduce": "introduced", "adopt": "adopted",
}  # fmt: skip
_WHEN_DID = re.compile(
    rf"^(?:When|(?:In|On) (?:what|which) (?:year|date|month)) did (.+?) ({'|'.join(_VERBS)})( [^?,]*)?\?$"
)
_NO_VERB = either("is was are were did does do called named based used")
_DID = either("[a-z]{2,}ed won became led wrote made took gave began built lost ruled said beat held sang sent")
_SUBJECT = re.compile(
    r"^(?:Who|(?:What|Which) (?!year|date|day|time|month)[\w-]+(?: [\w-]+)?) "
    rf"((?!{_NO_VERB}\b){_DID}\b [^?,]+)\?$"
)
_WHO_BE = re.compile(r"^Who (is|was|were|are) (the [^?,]+)\?$")
_WHAT_BE = re.compile(r"^What (is|was|are|were) (the [^?,]+?)( called| known as)?\?$")
_MANY = re.compile(
    r"^How many ([a-z]+) ((?:were|are|live|lived|died|attended|work|have been|had been|was|voted) ?[^?,]*)\?$"
)
_MANY_HAVE = re.compile(r"^How many ([a-z]+(?: [a-z]+)?) (does|did|do) ([^?,]+) have\?$")
_DANGLING = re.compile(r"\b(?:of|in|to|for|by|with|from|at|on|as|about|like|than|under|over|after|into)$")


def verbatim(source: str, following: str, chance: random.Random) -> str | None:
    """The source itself."""
    return source


def shortened(source: str, following: str, chance: random.Random) -> str | None:
    """A parenthesis, a clause beside the main one, an apposition or a linking word is left out."""
    rules: list[Callable[[str], str]] = [
        lambda text: _PARENTHESIS.sub("", text),
        lambda text: _RELATIVE.sub("", text, count=1),
        lambda text: text if _LIST.search(text) else _PARTICIPLE.sub("", text),
        lambda text: text if text.count(",") > 2 else _BUT.sub("", text),
        lambda text: _APPOSITIVE.sub(r"\1 ", text),
        lambda text: _opened(_OPENING.sub("", text)),
    ]
    chance.shuffle(rules)
    for rule in rules:
        made = re.sub(r"\s+", " ", rule(source)).replace(" ,", ",").replace(" .", ".")
        if made != source and len(made) >= 40 and made.count(",") != 1 + source.count(","):
            return made if not re.search(r",\s*[.,]|^\W", made) else None
    return None


def attributed(source: str, following: str, chance: random.Random) -> str | None:
    """Who says it stands at the other end of the sentence."""
    if match := _THAT.match(source):
        who, _, said = match.groups()
        if re.search(
            r"\b(?:not|never|is|was|are|were|has|had|which|who|if|when|and|as|he|she|it|they|then|also|later)\b|^(?:It|There|This|In)\b",
            who,
        ):
            return None
        return f"According to {_PRONOUNS.get(who, _inside(who))}, {said}."
    if match := _FIRST.match(source):
        return f"{_opened(match[2])}, according to {match[1]}."
    if match := _LAST.match(source):
        return f"According to {match[2]}, {_inside(match[1])}."
    if match := _QUOTED.match(source):
        return f"{match[2]} said: “{match[1].rstrip('.,')}.”"
    return None


def joined(source: str, following: str, chance: random.Random) -> str | None:
    """Two neighbours become one sentence."""
    if not following or len(source) + len(following) > 260 or _OPENING.match(following):
        return None
    if (
        re.match(r"(?:But|And|Or|So|Yet|If|First|Second|Third|[“\"])", following)
        or source[-2] in '”"’).'
        or source.endswith(('"', "”"))
    ):
        return None
    first, second = following.split(maxsplit=2)[:2]
    if first.lower() not in _SMALL and not second[0].isupper() and first not in source:
        return None  # who knows whether it is a name
    return f"{source[:-1]}, and {_inside(following)}"


def rewritten(source: str, following: str, chance: random.Random) -> str | None:
    """A number, a date or a contraction is written another way."""
    return _first(_REWRITES, source, chance)


def reworded(source: str, following: str, chance: random.Random) -> str | None:
    """One word is replaced by one that means the same."""
    return _first(_WORDS, source, chance)


def _first(rules: tuple[tuple[re.Pattern[str], str], ...], source: str, chance: random.Random) -> str | None:
    if "“" in source or '"' in source:
        return None
    made = [found.sub(put, source, count=1) for found, put in rules if found.search(source)]
    made = [text for text in made if not re.search(r"\b(?:an [bcdfghj-np-tv-z]|a [aeio])", text)]
    return _opened(chance.choice(made)) if made else None


def _opened(text: str) -> str:
    return text[:1].upper() + text[1:]


_SMALL = frozenset(
    """the a an in on at it he she they this these that there his her its their by for from after before during most
    many some all both as when while although with one two other another such to under since until several each no
    according we our because if despite about""".split()
)


def _inside(text: str) -> str:
    """The text as it stands inside a sentence: its first word small where it is an ordinary one."""
    first = re.match(r"\w+", text)
    return text[0].lower() + text[1:] if first and first.group().lower() in _SMALL and text[:2] != "I " else text


def answered(question: str, answer: str) -> str | None:
    """A question and its answer as a statement, where a simple rule makes one; `answer` as the source writes it."""
    question = " ".join(question.split())
    if question.count("?") != 1 or not question.endswith("?") or not 0 < len(answer.split()) <= 8 or "\n" in answer:
        return None
    answer = answer.strip(" .,;")
    made = _timed(question, answer) or _counted(question, answer) or _named(question, answer)
    return f"{_opened(made)}." if made and len(made) > 25 else None


def _timed(question: str, answer: str) -> str | None:
    when = answer if re.match(r"(?:in|on|by|after|before|during)\b", answer) else f"{_at(answer)} {answer}"
    when = re.sub(r"^in (?=(?:early|late|mid)\b|\d+s)", "in the ", when)
    dated = _DATED.match(answer) is not None
    if dated and (match := _WHEN_DONE.match(question)):
        be, who, done, rest = match.groups()
        return None if who.endswith(" first") else f"{who} {be} {done}{rest or ''} {when}"
    if dated and (match := _WHEN_DID.match(question)):
        who, verb, rest = match.groups()
        return f"{who} {_VERBS[verb]}{rest or ''} {when}"
    if (match := _WHERE_DONE.match(question)) and re.match(r"[A-Z]", answer):
        be, who, done = match.groups()
        return f"{who} {be} {done} in {answer}"
    return None


def _at(answer: str) -> str:
    return "on" if re.search(r"[a-z] \d{1,2}\b|^\d{1,2} [A-Z]|day\b", answer) else "in"


def _counted(question: str, answer: str) -> str | None:
    if not re.fullmatch(
        r"(?:about |over |around |more than |nearly )?(?:\d[\d,.]*|[a-z]+)(?: million| billion)?", answer
    ):
        return None
    if match := _MANY.match(question):
        return f"{answer} {match[1]} {match[2]}"
    if match := _MANY_HAVE.match(question):
        verb = {"does": "has", "did": "had", "do": "have"}[match[2]]
        return f"{match[3]} {verb} {answer} {match[1]}"
    return None


def _named(question: str, answer: str) -> str | None:
    if not re.match(_NOUNS, answer) or YEAR.fullmatch(answer):
        return None
    if match := _SUBJECT.match(question):
        return None if _DANGLING.search(match[1]) else f"{answer} {match[1]}"
    if match := _WHO_BE.match(question):
        return None if _DANGLING.search(match[2]) else f"{answer} {match[1]} {match[2]}"
    if match := _WHAT_BE.match(question):
        be, what, called = match.groups()
        return None if _DANGLING.search(what) else f"{what} {be}{called or ''} {answer}"
    return None


TRUTHS: dict[str, Callable[[str, str, random.Random], str | None]] = {
    "verbatim": verbatim,
    "shortened": shortened,
    "attribution moved": attributed,
    "joined": joined,
    "rewritten": rewritten,
    "reworded": reworded,
}
