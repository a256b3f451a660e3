"""A question and its answer as one statement: "Who met Lavrov?" and "Rubio" make "Rubio met Lavrov." """

from __future__ import annotations

import re

from rag.support import answered
from rag.training.verbs import AUXILIARIES, BE, bare_of_past, bare_verbs, is_finite, is_participle, past, present
from rag.words import MONTHS

_DO = frozenset({"did", "does", "do"})
_BEFORE_A_NOUN = frozenset(
    """the a an his her its their our my your this that these those some any no and or of in on at to for from with by
    into about between during after before most more very 's first second last new both as""".split()
)
_STRANDED = frozenset("of in on at to for from with by into about under over through after against as upon".split())
_ASKS = re.compile(r"\b(?:what|which|who|whom|whose|when|where|why|how)\b", re.IGNORECASE)
_LEADING = re.compile(
    r"(?:(in|on|at|to|by|for|from|with|during|of|under|into|through|since|until|between|against|around) )?"
    r"(what|which|who|whom|when|where|why|how)\b ?", re.IGNORECASE
)  # fmt: skip
_TIMES = frozenset("year month day date century decade season time period era".split())
_PREPOSED = re.compile(
    r"(?:in|on|at|by|during|from|since|until|till|between|before|after|around|about|near|to|under|over|within|along|"
    r"through|throughout|across|around|outside|inside|beside|behind|above|below|as|when|while|where|"
    r"every|each|today|yesterday|tomorrow|ago|next|last|this|beneath|onto|into|against|not|north|south|east|west|"
    r"because|due|for|so|if|once|only|there|here|home|abroad|overseas)\b", re.IGNORECASE
)  # fmt: skip
_DAY = re.compile(
    rf"(?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{'|'.join(MONTHS)})|"
    rf"(?:{'|'.join(MONTHS)}) \d{{1,2}}\b(?!\d)|\w+day\b)",
    re.I,
)
_CLOCK = re.compile(r"\d{1,2}(?::\d\d| ?[ap]\.?m\b)", re.IGNORECASE)
_PRONOUNS = frozenset("he she it they him her them his their its i we you none yes no who".split())
_OF_A_KIND = frozenset("ethnicity nationality religion color colour age gender type kind size".split())
_LONGEST = 22  # words of an answer


def statement(question: str, answer: str) -> str:
    """One declarative sentence; empty where no rule clearly applies."""
    asked, given = tidy(question).rstrip("?!. "), tidy(answer).strip(" .,;:")
    if not asked or not given or len(given.split()) > _LONGEST or "?" in asked or _unfit(given):
        return ""
    found = _turned(asked.split(" "), given)
    if not found or _ASKS.match(found) or not 3 <= len(found.split()) <= 45:
        return ""
    found = re.sub(r"\s+([,.;])", r"\1", found).strip()
    return f"{found[0].upper()}{found[1:]}."


def with_answer(question: str, answer: str) -> str:
    """A question and its answer as one claim."""
    return answered(tidy(question), tidy(answer))


def _unfit(given: str) -> bool:
    """Whether an answer cannot stand for a noun: a pronoun, a whole sentence, half of a bracket."""
    words = given.split()
    sentence = len(words) > 7 and given[:1].isupper() and any(is_finite(word) for word in words)
    return (
        words[0].lower() in _PRONOUNS or sentence or given.count("(") != given.count(")") or given.count('"') % 2 == 1
    )


def tidy(text: str) -> str:
    """A text with the spaces and quotation marks of a tokenizer taken out."""
    text = re.sub(r"\s+", " ", text.replace("``", '"').replace("''", '"')).strip()
    text = re.sub(r" (['’]s\b|n['’]t\b|[,;:)%]|\.(?= |$))", r"\1", text)
    return re.sub(r"([($]) ", r"\1", text)


def _turned(asked: list[str], given: str) -> str:
    leading = _LEADING.match(" ".join(asked) + " ")
    if not leading:
        return _in_place(asked, given)
    preposition, wh = (leading[1] or "").lower(), leading[2].lower()
    rest = asked[2 if preposition else 1 :]
    if not rest or any(_ASKS.fullmatch(word) and word.lower() != "who" for word in rest):
        return ""
    if wh == "how" and rest[0] in ("many", "much"):
        return _counted(rest[1:], given, preposition)
    if wh in ("when", "where", "why", "how"):
        return _adverbial(wh, rest, given)
    if rest[0] in AUXILIARIES or rest[0] in _DO or rest[0] in ("else",):
        return _fronted(wh, [], rest, given, preposition)
    if wh in ("who", "what") and not preposition and _opens_predicate(rest):
        return f"{given} {' '.join(rest)}"
    if wh in ("what", "which") or preposition:
        at = next((i for i, word in enumerate(rest[:6]) if word in AUXILIARIES or word in _DO), -1)
        verb = _past(rest)
        if verb > 0 and (at < 0 or verb < at) and not preposition and rest[verb - 1] not in _BEFORE_A_NOUN:
            return f"{_of_its_kind(rest[:verb], given)} {' '.join(rest[verb:])}"
        if at > 0:
            return _fronted(wh, rest[:at], rest[at:], _of_its_kind(rest[:at], given), preposition)
    return ""


def _past(words: list[str]) -> int:
    """Where a past stands among the first words, not at once; -1 where none does."""
    return next((i for i, word in enumerate(words[:6]) if i and word in bare_of_past() and word != "did"), -1)


def _of_its_kind(noun: list[str], given: str) -> str:
    """ "an enhanced" as "an enhanced partner", where a kind of partner was asked for."""
    if noun[1:2] != ["of"] or len(noun) < 3:
        return given
    if noun[0] in ("percentage", "percent", "proportion", "share"):
        return given if " of " in given else f"{given} {' '.join(noun[1:])}"
    if noun[0] in ("type", "kind", "sort", "types", "kinds", "sorts") and not _shares(noun[-1], given):
        return f"{given} {' '.join(noun[2:])}"
    return given


def _opens_predicate(rest: list[str]) -> bool:
    word = rest[1] if rest[0].endswith("ly") and len(rest) > 1 else rest[0]
    if "-" in word or word.startswith("happen"):
        return False
    return is_finite(word) or is_participle(word)


def _in_place(asked: list[str], given: str) -> str:
    """ "Burke attacked whom?": the answer where the question stands."""
    at = next((i for i, word in reversed(list(enumerate(asked))) if word.lower() in ("what", "whom")), -1)
    if at < 2 or asked[0].lower() in AUXILIARIES | _DO:
        return ""
    if at + 1 < len(asked) and asked[at + 1] not in _STRANDED:
        return ""
    if not any(is_finite(word) for word in asked[:at]) or asked[at - 1].endswith(","):
        return ""
    return " ".join([*asked[:at], given, *asked[at + 1 :]])


def _counted(rest: list[str], given: str, preposition: str) -> str:
    at = next((i for i, word in enumerate(rest[:6]) if word in AUXILIARIES or word in _DO), -1)
    verb = _past(rest)
    first = min((i for i in (at, verb) if i >= 0), default=-1)
    if first < 0:
        return ""
    thing = " ".join(rest[:first])
    whole = given if not thing or (re.search(r"[A-Za-z]", given) and _shares(thing, given)) else f"{given} {thing}"
    if first == verb:
        return f"{whole} {' '.join(rest[verb:])}"
    if rest[at] in ("are", "were") and rest[at + 1 : at + 2] == ["there"]:
        return f"There {rest[at]} {whole} {' '.join(rest[at + 2 :])}"
    return _fronted("what", ["number"], rest[at:], whole, preposition)


def _shares(thing: str, given: str) -> bool:
    return thing.split()[-1].lower().rstrip("s") in given.lower()


def _adverbial(wh: str, rest: list[str], given: str) -> str:
    if wh == "how" and rest[0] in (
        "long",
        "old",
        "tall",
        "far",
        "large",
        "big",
        "high",
        "fast",
        "deep",
        "heavy",
        "often",
    ):
        measured, rest = rest[0], rest[1:]
        if not rest or rest[0] not in AUXILIARIES | _DO or not re.search(r"\d|\w+ly\b|every|hundred|ten|years", given):
            return ""
        after = (
            f"{given} {measured}" if measured in ("long", "old", "tall", "deep", "high") and rest[0] in BE else given
        )
        return _uninverted(rest, "" if measured in given else after, "end") or ""
    if rest[0] not in AUXILIARIES | _DO:
        return ""
    if wh == "how" and not re.match(r"(?:by|through|via|with|using|in)\b", given, re.IGNORECASE):
        return ""
    if wh == "why":
        if re.match(r"(?:to|because|for|due|since|as|so|in order)\b", given, re.IGNORECASE):
            tail = given
        else:
            clause = any(is_finite(word) for word in given.split())
            tail = f"because {given}" if clause else f"because of {given}"
    else:
        tail = _placed(wh, given) if wh in ("when", "where") else given
    return _uninverted(rest, tail, "end")


def _placed(wh: str, given: str) -> str:
    """A time or place with the preposition that it needs."""
    if _PREPOSED.match(given) or given.endswith(" ago"):
        return given
    if wh == "when":
        if _CLOCK.match(given):
            return f"at {given}"
        if _DAY.match(given) and not re.match(r"\d{3,4}", given):
            return f"on {given}"
    return f"in {given}"


def _fronted(wh: str, noun: list[str], rest: list[str], given: str, preposition: str) -> str:
    """A wh-phrase before its auxiliary: as the subject, the object, or with its preposition at the end."""
    if rest[0] == "else":
        rest = rest[1:]
        if not rest or rest[0] not in AUXILIARIES | _DO:
            return ""
    if preposition or (noun and noun[-1] in _TIMES and rest[-1] not in _STRANDED):
        lead = preposition or "in"
        if not preposition and noun[-1] in ("day", "date"):
            lead = "on"
        tail = given if re.match(rf"{lead}\b", given, re.I) or (noun and _PREPOSED.match(given)) else f"{lead} {given}"
        found = _uninverted(rest, tail, "end")
        if found or preposition or rest[0] not in BE:
            return found
    if rest[0] in BE:
        return _copula(wh, noun, rest, given)
    if rest[0] not in _DO and len(rest) > 1 and (is_participle(rest[1]) or rest[1] in bare_verbs() or rest[1] == "be"):
        return f"{given} {' '.join(rest)}"  # the answer is the subject: "Who has won X", "What can cause X"
    if rest[0] in ("has", "have", "had"):
        if rest[-1] == "happened" or "happened to" in " ".join(rest):
            return ""
        if not any(is_participle(word) or word == "been" for word in rest):
            return f"{given} {' '.join(rest)}" if wh == "who" else ""
    return _uninverted(rest, given, "object")


def _copula(wh: str, noun: list[str], rest: list[str], given: str) -> str:
    be, after = rest[0], rest[1:]
    if not after or (wh == "what" and len(after) == 1 and after[0].islower()) or (noun and noun[0] in _OF_A_KIND):
        return ""
    if (
        after[0] in _STRANDED
        or is_participle(after[0])
        or after[0].endswith("ing")
        or after[0] in ("able", "responsible", "not", "also")
    ):
        return f"{given} {be} {' '.join(after)}"
    at = _predicate(after)
    if after[-1] in _STRANDED and at < 1:
        clear = len(after) > 1 and (after[-2][:1].isupper() or after[-2].endswith("s"))
        return f"{' '.join(after[:-1])} {be} {after[-1]} {given}" if clear else ""
    if wh == "who" and not noun and at < 1 and after[0].islower() and after[0] not in _BEFORE_A_NOUN:
        return f"{given} {be} {' '.join(after)}"
    if after[-1] in _STRANDED or (at > 0 and (at == len(after) - 1 or after[at] in ("called", "named", "known"))):
        return _uninverted(rest, given, "end")
    if at > 0 and noun:
        return _uninverted(rest, given, "end") if after[-1] in _STRANDED else ""
    if at > 0 and after[0].lower() not in ("the", "a", "an") and not any(w in ("that", "who", "which") for w in after):
        return ""
    if noun:
        return f"{given} {be} {' '.join(after)}"
    name = re.fullmatch(r"(.*) (in \d{4}|today)", " ".join(after))
    subject = name[1] if name else " ".join(after)
    if subject.split()[0].lower() in ("there", "it", "he", "she", "they"):
        return ""
    return f"{subject} {be} {given}" + (f" {name[2]}" if name else "")


def _predicate(words: list[str]) -> int:
    """Where the participle or adjective after the subject stands; -1 where none is clear."""
    for i, word in enumerate(words):
        before = words[i - 1].lower()
        fits = word.islower() and (is_participle(word) or (word.endswith("ing") and len(word) > 5))
        if i and fits and before not in _BEFORE_A_NOUN and not before.endswith("est"):
            return i
    return -1


def _verb(words: list[str]) -> int:
    """Where the bare verb after the subject stands; -1 where none is clear."""
    known = bare_verbs()
    for i, word in enumerate(words):
        if i and word in known and words[i - 1].lower() not in _BEFORE_A_NOUN:
            following = words[i + 1] if i + 1 < len(words) else ""
            if following in known and following not in ("go", "do", "have", "be", "call", "name"):
                continue  # "the attack begin": the later one is the verb
            return i
    return -1


def _uninverted(rest: list[str], given: str, place: str) -> str:
    """ "did Rubio meet" as "Rubio met", with the answer after the verb or at the end."""
    auxiliary, words = rest[0], rest[1:]
    if not words or not given:
        return ""
    if auxiliary in _DO:
        at = _verb(words)
        if at < 1:
            return ""
        bare = words[at]
        verb = past(bare) if auxiliary == "did" else present(bare) if auxiliary == "does" else bare
        subject, after = " ".join(words[:at]), words[at + 1 :]
        if words[at - 1] in ("not", "never") or words[at - 1].endswith("n't"):
            return ""
    else:
        at = _predicate(words) if auxiliary in BE else _main(words, perfect=auxiliary in ("has", "have", "had"))
        if at < 1:
            if auxiliary not in BE or place != "end" or any(is_finite(word) for word in words):
                return ""
            return f"{' '.join(words)} {auxiliary} {given}"
        verb = f"{auxiliary} {words[at]}"
        subject, after = " ".join(words[:at]), words[at + 1 :]
    if any(is_finite(word) for word in words[:at]) and not any(word in ("who", "that", "which") for word in words[:at]):
        return ""
    if place == "end" or (after and after[-1] in _STRANDED):
        return " ".join([subject, verb, *after, given])
    if after and (after[0].lower() in _BEFORE_A_NOUN - _STRANDED or after[0][:1].isupper()):
        return ""
    if words[at] in ("do", "done"):
        return ""
    if (after and after[0] == "to") or _verb(["", *after]) > 0:
        return ""
    return " ".join([subject, verb, given, *after])


def _main(words: list[str], *, perfect: bool) -> int:
    """The participle after "has", the bare verb after "will"."""
    return next(
        (
            i for i, word in enumerate(words)
            if i and (is_participle(word) or word == "been" or (word in bare_verbs() and not perfect))
            and words[i - 1].lower() not in _BEFORE_A_NOUN
        ),
        -1,
    )  # fmt: skip
