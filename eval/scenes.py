"""What a lie is made from, and which words of a text are names and years: the ground of `eval.lies`."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_WORD = r"[A-ZÀ-ÖØ-Þ][\w’'-]*[\w]"
NAME = re.compile(rf"{_WORD}(?:(?:\s|\s(?:of|de|von|van|der|al|bin)\s){_WORD})*")
_NO_NAMES = frozenset(
    """a all also although an and another are as at because before both but by despite during each early even every
    few following for from given half he her here his how however if in initially instead into is it its known late
    later like many modern most much near no none not of on once one only or originally other others our over own
    prior she since so some soon still such that the their them then there these they this those though three through
    thus to today two under until unlike up upon was we were what when where whether which while who whose why with
    within without yet you your according after again against along among around additionally furthermore moreover
    meanwhile nevertheless therefore similarly generally finally eventually often perhaps several
    i my me us first second third mr mrs ms dr sir lord lady king queen president""".split()
) | {one.lower() for one in (*MONTHS, *DAYS)}
_OF_A_PEOPLE = re.compile(
    r"(?:ian|ish|ese|ean|ic|ist|al)s?$|^(?:American|German|French|Dutch|Greek|Roman|Swiss|Norman|Mongol|Czech|Thai)s?$"
)
YEAR = re.compile(r"(?<![\w$€£,.])(1\d{3}|20[0-2]\d)(s)?(?![\w,.]\d|\w)")


def either(words: str) -> str:
    """A pattern that matches any of the words; `~` stands for a space inside of one."""
    return f"(?:{'|'.join(words.split()).replace('~', ' ')})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a lie is made from: a true sentence, the passage that holds it, and the other passages shown with it."""

    sentence: str
    passage: str
    others: Sequence[str]
    chance: random.Random

    @property
    def shown(self) -> str:
        return "\n".join((self.passage, *self.others))

    def known(self, *, near: bool) -> list[str]:
        """The names in the passage, or in the others, that share no word with the sentence."""
        texts = [self.passage] if near else list(self.others)
        own = set(folded(self.sentence))
        found = dict.fromkeys(name for text in texts for name in names(text))
        return [name for name in found if not own & set(folded(name)) and len(name) > 2]

    def name(self) -> str | None:
        """A name that the sentence lacks, rather from its own passage."""
        near, far = self.known(near=True), self.known(near=False)
        pool = near if near and (self.chance.random() < 0.6 or not far) else far
        return self.chance.choice(pool) if pool else None

    def year(self) -> str:
        """A year that no passage holds."""
        return str(next(y for y in iter(lambda: self.chance.randint(1890, 2019), 0) if str(y) not in self.shown))

    def count(self) -> str:
        """A number that no passage holds."""
        return str(next(n for n in iter(lambda: self.chance.randint(13, 89), 0) if str(n) not in self.shown))


def names(text: str) -> list[str]:
    """Names as a text writes them: not the first word of a sentence alone, no month, no people's adjective."""
    found = []
    for match in NAME.finditer(text):
        name = match.group()
        words = name.split()
        opening = not text[: match.start()].rstrip() or text[: match.start()].rstrip()[-1] in '.!?:“"\n'
        if words[0].lower() in _NO_NAMES:
            words = words[1:]
        elif opening and len(words) == 1 and not re.search(rf"(?<=[a-z,] ){re.escape(name)}\b", text):
            continue
        if not words or words[0] in ("of", "de") or any(word.lower() in _NO_NAMES for word in words):
            continue
        if len(words) == 1 and _OF_A_PEOPLE.search(words[0]):
            continue
        found.append(" ".join(words).removesuffix("’s").removesuffix("'s"))
    return found


def folded(text: str) -> list[str]:
    return re.findall(r"[^\W_]{3,}", text.lower())


def spliced(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]
