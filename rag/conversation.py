"""A follow-up question made to stand on its own, from the names in the turns before it.

Where it is certain who or what is meant, the word gives way to it. Where it only is certain that something said before
is meant, the question before is put in front. A question that stands alone is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.referents import ROLE, Gender, holder, people, runs, speaks_of, speaks_of_somebody, subject, two
from rag.things import alike, answered, named_thing, thing
from rag.types import Turn
from rag.words import DAYS, MONTHS, content_words, fold, names, stem, stems

_SHORT = 2  # content words up to which "the driver" is somebody in particular
_LONG = 7  # content words from which a question is not left open by a pronoun
_NEAR = 2  # turns in which something may be taken up that is not named again
_BEFORE = 2  # questions of a turn that was itself a follow-up, at most

_AUX = r"(?:did|do|does|is|are|was|were|has|have|had|will|would|can|could|should|may|might|must)"
_NEW = re.compile(
    r"^\W*(?:(?:a |one )?(?:new|another|different|next|other) (?:question|topic|subject|thing|matter)|"
    r"(?:something|anything) (?:else|different)(?: entirely)?|on (?:another|a different) (?:subject|topic|note|matter)|"
    r"(?:to )?chang(?:e|ing) (?:of |the )?(?:subject|topic)|unrelated)\s*[:;,.–—-]+\s*(?=\w)",
    re.IGNORECASE,
)
_AFTER_HER = r"(?:in|at|on|to|for|with|by|from|after|before|when|and|or|about)\b"  # then "her" owns nothing
_PERSON = re.compile(rf"\b(?:he|she|him|her(?=\s+{_AFTER_HER}|\W*$))\b", re.IGNORECASE)
_POSSESSIVE = re.compile(rf"\b(?:his|her)\b(?=\s+(?!{_AFTER_HER})\w)", re.IGNORECASE)
_OF_ANOTHER = re.compile(  # "What did Frost tell him?": whoever acts is not the one it is done to
    rf"\b{_AUX}\s+(?:(?!(?:after|before|when|that|because|if|while|who|since|and|to)\b)[\w’'-]+\s+){{1,5}}?"
    rf"(?:(?:to|about|of|for|against)\s+)?(?P<whom>him|her)\b(?=\s+{_AFTER_HER}|\W*$)",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"^\W*(and|or|but|so|what about|how about)\b", re.IGNORECASE)
_WHOLE = re.compile(
    rf"^\W*(?:and|or|but|so)\W+(?:who|what|when|where|why|how|which|{_AUX})\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"^\W*(?:and|or|but|what about|how about)\s+(?P<name>[^?]+?)\W*$", re.IGNORECASE)
# Not the "there" of "was there", the "that" of "say that", the "it" of "did it take", or "this year": they point at
# nothing said before.
_VAGUE = re.compile(
    r"\b(?:its|they|them|their|"
    r"it(?!\s+(?:take|true|that|who|possible|likely|clear|known|rain\w*|snow\w*|legal|allowed|safe|cost\s+to)\b)|"
    r"there(?=\W*$)|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbeen )there|"
    r"that(?=\W*$)|(?:did|does|do|is|was|about|of|to|for|with|after|before|by|from|like)\s+that|"
    r"(?:those|these|this)(?!\s+(?:day|week|month|quarter|season|year|spring|summer|autumn|winter)s?\b))\b",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?:else(?! in\b)|the (?:other|second|first|third|last|next|same|latter|former)(?: (?:one|two))?(?=\W*$)|"
    rf"the (?:other|second|third|latter|former)(?: (?:one|two))?(?=\s+{_AUX}\b)|(?:the|an)?other ones?\b|"
    r"the (?:first|second|third|fourth|last|next|former|latter) one|"
    r"the other (?:side|party|team|candidate|man|woman|country|company|two|three)\b|"
    r"the same (?:day|week|month|year|time|evening|night|morning|place|town|person|man|woman|reason|thing)\b|"
    r"that (?:day|time|night|evening|morning|week|month|year)\b|then(?=\W*$)|(?:by|since|until|back|before) then\b|"
    rf"both(?=\W*$)|(?<!between )both(?=\s+{_AUX}\b)|{_AUX} both\b)",
    re.IGNORECASE,
)
_ADVERB = (
    r"(?:(?:since |until |till |from )?(?:when|where)|why|how(?: (?:long|often|soon|far))?|for how long|"
    r"(?:by|for|to|with|from|against|on|in|at|of|about) "
    r"(?:whom|how (?:much|many(?: \w+)?)|(?:what|which)(?: \w+){1,2}))"
)
_BARE = re.compile(rf"^\W*(?:(?:and|but|so)\W+)?(?P<adverb>{_ADVERB})(?P<not> not)?(?: exactly)?\W*$", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"^\W*(?:(?:and|but|so)\W+)?(?:who|whom|what|which|how (?:many|much|come)|really|"
    rf"(?:which|how many) (?:one|ones|of \w+)|{_ADVERB}(?: not)?)(?: exactly)?\W*$",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"^\W*(?:in|on|at|by|for|since|from|until|to|with|after|before|during|under|near|the)\s+[\w’'-]+(?:\s+[\w’'-]+){0,2}"
    r"\s*\?\W*$",
    re.IGNORECASE,
)
_FRAGMENTARY = re.compile(
    rf"^\W*(?:(?:and|or|but|so|what about|how about)\s+(?!wh|how\b|{_AUX}\b)|who (?:is|was) )", re.IGNORECASE
)
_DENIED = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|neither|refused|denied|rejected|declined|without|turned down|failed)\b|"
    r"n[’']t\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(rf"^\W*(?:(?:and|but|so)\s+)?(?P<aux>{_AUX})\b(?=\s+\w+\s+\w)", re.IGNORECASE)
_ASKS_HOW = re.compile(rf"^\W*(?:when|where|why|since when|how long|how often)\s+(?={_AUX}\b)", re.IGNORECASE)
_TIMES = tuple(re.compile(rf"\b(?:{'|'.join(every)})\b") for every in (MONTHS, DAYS, (r"(?:19|20)\d\d",)))
_AND_IN = re.compile(
    r"^\W*(?:(?:and|what about|how about)\s+)?(?:(?P<in>in|on|at)\s+)?(?P<name>[\w’'-]+(?:\s+[\w’'-]+){0,3})\W*$",
    re.IGNORECASE,
)
_SUBJECT_PRONOUN = re.compile(rf"(?:^\W*(?:and\s+)?|\b{_AUX}\s+)$", re.IGNORECASE)
_NOUN = re.compile(
    r"\b(?:the|an?|this|these|those|some|any|every|each)\s+(?!same\b|other\b)\w|\w[’']s?\s+\w|"
    r"\b(?:which|how many)\s+\w",
    re.IGNORECASE,
)
_TAKEN_UP = re.compile(r"\bthe\s+(?P<noun>[a-z][\w-]+)\b(?!\s+(?:of|that|who|which)\b)")
_OTHER = re.compile(
    rf"\bthe (?P<which>former|latter)\b(?=\W*$|\s+(?:an?|the|of|in|say|think|want|and|or|{_AUX})\b)", re.IGNORECASE
)
_QUESTION = re.compile(r"[^?]+\?*")


def complete(question: str, history: Sequence[Turn]) -> str:
    """The question with what it leaves open filled in; unchanged where it stands on its own.

    "he" and "she" become the person spoken of last, unless the question names somebody before; "And Lavrov?" asks the
    question before it of another; a bare "And in March?" is read after it. "New question: …" begins anew.
    """
    if not history:
        return question
    if new := _NEW.match(question):
        return question[new.end() :]
    before = _standing(history[-1].question)
    last = last_question(before)
    if asked := _asked_again(question, last, history[-1].answer):
        return f"{before.removesuffix(last)}{asked}"
    named = _named(question, history)
    if named == question and names(question) and _WHOLE.match(question) and not _points_back(question):
        return question
    taken_up = _taken_up(named, history)
    if taken_up or _is_open(question, named, history):
        lead = _standing(taken_up.question) if taken_up else before
        return f"{lead.rstrip('?!. ')}? {named.lstrip()}"
    return named


def last_question(question: str) -> str:
    """What is asked last of a completed follow-up; with what stands before it where a bare "And in March?" needs it."""
    parts = _QUESTION.findall(question)
    return "".join(parts[_last_whole(parts) :]).strip()


def _standing(question: str) -> str:
    """A turn's question without the follow-ups that were read after it, for the next one takes their place."""
    parts = _QUESTION.findall(question)
    return " ".join(part.strip() for part in parts[: _last_whole(parts) + 1][-_BEFORE:])


def _last_whole(parts: Sequence[str]) -> int:
    """The place of the last part that says something by itself: not "And in March?" or "Why?", but "And who won?"."""
    at = len(parts) - 1
    while at > 0 and (not parts[at].strip(" ?!.") or _says_nothing(parts[at])):
        at -= 1
    return max(at, 0)


def _says_nothing(part: str) -> bool:
    bare = _FRAGMENT.match(part) or _PHRASE.match(part)
    return bool(bare or (_ELLIPSIS.match(part) and not _WHOLE.match(part)))


# --- the question before, asked again with a change


def _asked_again(question: str, last: str, answer: str) -> str:
    """The question before with what a bare follow-up changes in it; empty where that is not certain."""
    if bare := _BARE.match(question):
        return _asked_why(bare, last, denied=bool(_DENIED.search(answer)))
    if (instead := _INSTEAD.match(question)) and (other := _asked_of_another(last, instead["name"])):
        return other
    if other_in := _AND_IN.match(question):
        return _at_another(last, other_in["name"], other_in["in"] or "")
    return ""


def _asked_why(bare: re.Match[str], last: str, *, denied: bool) -> str:
    """Ask "Why?" after "Did he pay?": "Why did he pay?", unless the answer may be no; after "When did he pay?", too."""
    adverb = bare["adverb"][0].upper() + bare["adverb"][1:].lower()
    if how := _ASKS_HOW.match(last):
        return "" if bare["not"] else f"{adverb} {last[how.end() :]}"
    asked = _YES_NO.match(last)
    if not asked or (denied and not bare["not"]):
        return ""
    aux, rest = asked["aux"].lower(), last[asked.end() :]
    if not bare["not"]:
        return f"{adverb} {aux}{rest}"
    no = {"will": "won't", "can": "can't", "may": "", "might": "", "must": "mustn't"}.get(aux, f"{aux}n't")
    return f"{adverb} {no}{rest}" if no and "not" not in rest.split() else ""


def _at_another(last: str, name: str, preposition: str) -> str:
    """The question of another month, day, year or, with the same preposition, place, where it names one only."""
    for kind in _TIMES:
        if kind.fullmatch(written := name[0].upper() + name[1:]):
            named = kind.findall(last)
            return last.replace(named[0], written, 1) if len(named) == 1 and named[0] != written else ""
    own = [run for run in runs(last) if fold(run.text) not in ("who", "what")]
    if preposition and len(own) == 1 and own[0].before == preposition.lower() and _is_a_name(name):
        return f"{last[: own[0].start]}{name}{last[own[0].end :]}"
    return ""


def _asked_of_another(last: str, name: str) -> str:
    """The question with another name for the one that it asks about; empty where either is no name."""
    about = subject(last)
    return last.replace(about, name, 1) if about and _is_a_name(name) else ""


def _is_a_name(text: str) -> bool:
    return next((run.text for run in runs(text)), "") == text


# --- the one who is meant, by name


def _named(question: str, history: Sequence[Turn]) -> str:
    """The question with names for "she", "the minister", "the former", or "it", where it is certain whose."""
    question = _one_of_two(question, history[-1])
    pronoun = _OF_ANOTHER.search(question)
    at = pronoun.span("whom") if pronoun else (0, 0)
    owned = ""
    found = _POSSESSIVE.search(question) or _PERSON.search(question)
    if found and found.start() != at[0]:
        if names(question[: found.start()], initial=True) or ROLE.search(question[: found.start()]):
            found = None
        else:
            at, owned = found.span(), "’s" if _POSSESSIVE.match(question, found.start()) else ""
    if at[1]:
        near = people(question, history, _gender(question[slice(*at)]))
        return f"{question[: at[0]]}{near[0]}{owned}{question[at[1] :]}" if len(near) == 1 else question
    role = None if _FRAGMENTARY.match(question) else ROLE.search(question)
    if role and not names(question[: role.start()]):
        spoken = next((turn for turn in reversed(history) if speaks_of(role["office"], turn)), None)
        who = holder(role["office"], spoken) if spoken else ""
        return f"{question[: role.start()]}{who}{question[role.end() :]}" if who else question
    return _with_thing(question, history[-1])


def _gender(pronoun: str) -> Gender:
    return "woman" if pronoun.lower() in ("she", "her") else "man"


def _one_of_two(question: str, turn: Turn) -> str:
    both = two(turn)
    if not both:
        return question
    return _OTHER.sub(lambda found: both[found["which"].lower() == "latter"], question)


def _with_thing(question: str, turn: Turn) -> str:
    """The question with the one thing that the turn before asks about, or gives, for "it" or "the ship"."""
    vague = list(_VAGUE.finditer(question))
    if not vague and not names(question) and (taken := _TAKEN_UP.search(question)):
        name = named_thing(alike(taken["noun"]), turn)
        return f"{question[: taken.start()]}{name}{question[taken.end() :]}" if name else question
    if len(vague) != 1 or vague[0][0].lower() not in ("it", "its") or not _points_back(question):
        return question
    about = thing(last_question(turn.question)) or answered(turn)
    if not about:
        return question
    owned = "’s" if vague[0][0].lower() == "its" else ""
    if owned and (" in " in about or " of " in about):
        return question
    return f"{question[: vague[0].start()]}{about}{owned}{question[vague[0].end() :]}"


# --- whether something said before is meant


def _is_open(question: str, named: str, history: Sequence[Turn]) -> bool:
    """Whether the question before is needed to understand this one; `named` is it with names filled in."""
    if _FRAGMENT.match(question) or _PHRASE.match(question):
        return True
    if _ELLIPSIS.match(question) and not _WHOLE.match(question) and len(content_words(question)) <= _LONG:
        return True
    if named != question:
        return _points_back(named) and not names(question)
    pronoun = _PERSON.search(question) or _POSSESSIVE.search(question)
    if pronoun and not names(question[: pronoun.start()], initial=True):
        several = people(question, history, _gender(pronoun[0]))
        if several or speaks_of_somebody(history[-1]):
            return True
    if ROLE.search(question) and not names(question) and len(content_words(question)) <= _SHORT:
        return True
    return _points_back(question)


def _points_back(question: str) -> bool:
    """Whether a word of the question means something that the question itself does not name before it."""
    if len(content_words(question)) > _LONG:
        return False
    if _POINTING.search(question):
        return True
    return any(not _bound(question, found) for found in _VAGUE.finditer(question))


def _bound(question: str, vague: re.Match[str]) -> bool:
    """Whether a pronoun may stand for something earlier in its own question."""
    ahead = question[: vague.start()]
    word = vague[0].lower()
    if _SUBJECT_PRONOUN.search(ahead):
        clause = re.search(r"\b(?:that|to)\b", question[vague.end() :])  # "Is it known that …?"
        return word == "it" and clause is not None and len(content_words(question)) > 4
    if word.endswith(("that", "this", "those", "these", "there")):
        return False
    nouns = len(_NOUN.findall(ahead)) + len(names(ahead, initial=True))
    return nouns > 0 if word in ("its", "their", "they") else nouns > 1


def _taken_up(question: str, history: Sequence[Turn]) -> Turn | None:
    """The last turn that tells which firm or inquiry the question means by "the firm" or "the inquiry"."""
    if len(content_words(question)) > _LONG - 2 or names(question) or _ELLIPSIS.match(question):
        return None
    nouns = [found["noun"] for found in _TAKEN_UP.finditer(question)]
    for turn in history[: -_NEAR - 1 : -1]:
        said = set(stems(f"{turn.question} {turn.answer}"))
        for noun in nouns:
            if said & {stem(word) for word in alike(noun)} and names(turn.question):
                return turn
    return None
