"""Lies about numbers and dates: see `eval.lies`."""

from __future__ import annotations

import re

from eval.scenes import DAYS, MONTHS, YEAR, Scene, spliced

_SPELLED = "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty".split()
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()

_NUMBER = re.compile(r"(?<![\w.,/:-])(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?![\w/:]|[.,]\d|-\d|\sBC|\sAD)")
_MONTH_OF = re.compile(rf"\b(?:(?:in|of|on|by|since|until|from|to|early|late|mid|\d{{1,2}})\s)({'|'.join(MONTHS)})\b")
_DAY_OF_MONTH = re.compile(
    rf"(?:\b(?:{'|'.join(MONTHS)})\s)(\d{{1,2}})\b(?!,\d|\.\d)|\b(\d{{1,2}})(?=\s(?:{'|'.join(MONTHS)})\b)"
)
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(DAYS)})\b")


def wrong_number(scene: Scene) -> str | None:
    """A count, an amount or a share is another one: half of them numbers that the passages hold elsewhere."""
    text, chance = scene.sentence, scene.chance
    dated = [match.span() for match in (*_DAY_OF_MONTH.finditer(text), *YEAR.finditer(text))]
    found = [
        match for match in _NUMBER.finditer(text)
        if not any(left <= match.start() < right for left, right in dated) and match.group() not in ("0", "1")
    ]  # fmt: skip
    spelled = list(re.finditer(rf"\b(?:{'|'.join(_SPELLED + _ORDINALS)})\b(?!\s+(?:World|and|or|to)\b)", text))
    if not found and not spelled:
        return None
    match = chance.choice(found or spelled)
    old = match.group()
    if match not in found:
        pool = _SPELLED if old in _SPELLED else _ORDINALS
        return spliced(text, *match.span(), chance.choice([one for one in pool if one not in text]))
    elsewhere = [
        n for n in dict.fromkeys(_NUMBER.findall(scene.shown))
        if not re.search(rf"(?<![\d.,]){re.escape(n)}(?![\d.,]*\d)", text) and len(n) > 1 and not YEAR.fullmatch(n)
    ]  # fmt: skip
    if elsewhere and chance.random() < 0.5:
        return spliced(text, *match.span(), chance.choice(elsewhere))
    return spliced(text, *match.span(), _another(old, scene))


def _another(old: str, scene: Scene) -> str:
    """A number near an old one, written as it was."""
    value = float(old.replace(",", ""))
    places = len(old.partition(".")[2])
    step = max(1.0, round(value * scene.chance.choice((0.1, 0.3, 0.5))))
    new = value + step * scene.chance.choice((1, -1)) if value > step else value + step
    return f"{new:,.{places}f}" if "," in old else f"{new:.{places}f}"


def wrong_date(scene: Scene) -> str | None:
    """A year, month, weekday or day of the month is another one."""
    text, chance = scene.sentence, scene.chance
    changes: list[tuple[tuple[int, int], list[str]]] = []
    for match in YEAR.finditer(text):
        if match[2]:
            others = [str(int(match[1]) + by) + "s" for by in (-30, -20, -10, 10, 20)]
            changes.append((match.span(), others))
            continue
        elsewhere = [y for y, s in YEAR.findall(scene.shown) if not s and y not in text]
        near = [str(int(match[1]) + by) for by in (-12, -7, -3, -2, -1, 1, 2, 4, 9)]
        changes.append((match.span(1), elsewhere if elsewhere and chance.random() < 0.5 else near))
    changes += [(match.span(1), [one for one in MONTHS if one not in text]) for match in _MONTH_OF.finditer(text)]
    changes += [(match.span(), [one for one in DAYS if one not in text]) for match in _WEEKDAY.finditer(text)]
    for match in _DAY_OF_MONTH.finditer(text):
        group = 1 if match[1] else 2
        changes.append((match.span(group), [str(n) for n in range(2, 28) if str(n) not in text]))
    if not changes:
        return None
    span, others = chance.choice(changes)
    return spliced(text, *span, chance.choice(others))
