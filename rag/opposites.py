"""Words of which one denies the other: where a source has one and a draft the other, the draft says the reverse."""

from __future__ import annotations

from rag.words import stem

_OPPOSED = """
    raise rise increase hike climb grow jump surge higher / cut fall drop decrease decline lower reduce slash shrink
    win winner victory / lose loser
    accept approve adopt / reject veto
    open reopen / close shut
    more / less fewer
    most / least fewest
    before / after
    begin start launch / end stop finish halt
    buy purchase / sell
    support back favour favor / oppose
    allow permit / ban forbid prohibit
    widen / narrow
    strengthen / weaken
    better / worse
    majority / minority
    import / export
    lend / borrow
    advance / retreat
    convict / acquit
    northern north / southern south
    eastern east / western west
    high / low
    early / late
    new / old
    young / old
    large big / small little
    largest biggest / smallest
    best / worst
    latest last / first
    oldest / youngest newest
    highest / lowest
    longest / shortest
    common frequent / rare
    major / minor
    public / private
    legal / illegal
    legally / illegally
    possible / impossible
    success successful / unsuccessful failure
    same similar alike / different
    dependent / independent
    equal / unequal
    inside / outside
    upper / lower
    internal / external
    positive / negative
    strong / weak
    rich / poor
    always / never
    arrive / depart
    include / exclude
    appear / disappear
    hire / dismiss sack
    guilty / innocent
    survive / die
    alive / dead
    attack / defend
    top / bottom
    above / below
    male / female
    marry / divorce
    gain / lose
    easy / difficult hard
    fast / slow
    left / right
    permanent / temporary
    maximum / minimum
    increase / decrease
"""


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for pair in _OPPOSED.strip().splitlines():
        left, right = (frozenset(map(stem, side.split())) for side in pair.split("/"))
        for one, other in ((left, right), (right, left)):
            found |= {word: found.get(word, frozenset()) | other for word in one}
    return found


OPPOSITES = _opposites()


def opposed(one: str, other: str) -> bool:
    """Whether two stems are opposites."""
    return other in OPPOSITES.get(one, ())
