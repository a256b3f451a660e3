"""Dense search against brute force, and a vector file that is never believed without its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rag.catalog import Catalog
from rag.rows import Ids, Matrix, PassageRow
from rag.types import Document
from rag.vectors import Vectors

DIMENSION = 24
FILE = "vectors.faiss"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path / "catalog.sqlite", create=True)
    catalog.set_meta({"dimension": str(DIMENSION)})
    yield catalog
    catalog.close()


def put(catalog: Catalog, path: str, rows: np.ndarray) -> None:
    text = "x" * len(rows)
    passages = [
        PassageRow(
            start=at, stop=at + 1, title="", section="", text="x", sentences=((at, at + 1),), embedded=row.tobytes(),
            vector=row,
        )
        for at, row in enumerate(rows)
    ]  # fmt: skip
    catalog.put(Document(text=text, path=path, title="", sha256=hashlib.sha256(rows.tobytes()).hexdigest()), passages)


def random_rows(number: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(number, DIMENSION)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def brute_force(catalog: Catalog, query: np.ndarray, k: int, paths: list[str] | None = None) -> dict[int, float]:
    """Cosine of `query` with every row as the catalog holds it, best k, ties by id."""
    ids = catalog.passage_ids(paths)
    rows = catalog.vectors(ids, DIMENSION).astype(np.float64)
    cosines = rows @ query.astype(np.float64) / np.linalg.norm(rows, axis=1)
    order = np.lexsort((ids, -np.round(cosines, 6)))[:k]
    return {int(ids[i]): float(cosines[i]) for i in order}


def assert_same(found: dict[int, float], expected: dict[int, float]) -> None:
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, abs=1e-6)


def test_search_is_brute_force_through_adds_changes_removals_and_reopening(catalog: Catalog, tmp_path: Path) -> None:
    vectors = Vectors(tmp_path / FILE, catalog, DIMENSION)
    queries = random_rows(4, 99)

    def check(vectors: Vectors) -> None:
        for query in queries:
            for k in (1, 7, 500):
                assert_same(vectors.search(query, k), brute_force(catalog, query, k))
            within = ["/1", "/4"]
            found = vectors.search(query, 5, catalog.passage_ids(within))
            assert_same(found, brute_force(catalog, query, 5, within))
            some = catalog.passage_ids()[::3].tolist()
            everything = brute_force(catalog, query, 10_000)
            assert vectors.cosines(query, [*some, 10**9]) == pytest.approx({i: everything[i] for i in some}, abs=1e-6)

    for number in range(6):
        put(catalog, f"/{number}", random_rows(20 + number, number))
    check(vectors)
    put(catalog, "/1", random_rows(9, 50))
    catalog.remove("/3")
    check(vectors)
    vectors.save()
    check(Vectors(tmp_path / FILE, catalog, DIMENSION))
    put(catalog, "/7", random_rows(30, 51))
    catalog.remove("/0")
    check(vectors)
    check(Vectors(tmp_path / FILE, catalog, DIMENSION))


def test_equal_rows_score_equally_and_stand_in_document_order_at_any_cut(catalog: Catalog, tmp_path: Path) -> None:
    best, other = random_rows(2, 1)
    put(catalog, "/a", np.stack([other, best, other, best, best] * 9))
    put(catalog, "/b", np.stack([best] * 7))
    vectors = Vectors(tmp_path / FILE, catalog, DIMENSION)
    expected = brute_force(catalog, best, 100)
    for k in (1, 2, 5, 26, 27, 33, 34, 35, 51, 52, 53):
        found = vectors.search(best, k)
        assert list(found) == [i for i, score in expected.items() if score > list(expected.values())[:k][-1] - 1e-6]
    assert len(set(vectors.search(best, 100).values())) == 2


def test_a_cosine_stays_within_minus_one_and_one_although_rows_are_rounded(catalog: Catalog, tmp_path: Path) -> None:
    rows = random_rows(200, 3)
    put(catalog, "/a", rows)
    vectors = Vectors(tmp_path / FILE, catalog, DIMENSION)
    for row in rows:
        assert 0.9999 < max(vectors.search(row, 1).values()) <= 1.0
        assert -1.0 <= min(vectors.search(-row, 200).values()) < -0.9999


def test_an_empty_catalog_finds_nothing(catalog: Catalog, tmp_path: Path) -> None:
    vectors = Vectors(tmp_path / FILE, catalog, DIMENSION)
    assert vectors.search(random_rows(1, 0)[0], 5) == {}
    assert vectors.cosines(random_rows(1, 0)[0], [1, 2]) == {}


def damages(whole: bytes) -> Iterator[tuple[str, bytes | None]]:
    yield "missing", None
    yield "empty", b""
    yield "truncated", whole[: len(whole) // 2]
    yield "longer", whole + b"\0"
    yield "not ours", b"something else entirely"
    for at in (0, 25, 60, 120, len(whole) // 2, len(whole) - 1):
        flipped = bytearray(whole)
        flipped[at] ^= 4
        yield f"flipped at {at}", bytes(flipped)


def test_any_damage_to_the_file_is_reported_and_rebuilt_from_the_catalog(catalog: Catalog, tmp_path: Path) -> None:
    put(catalog, "/a", random_rows(40, 5))
    file = tmp_path / FILE
    Vectors(file, catalog, DIMENSION).save()
    whole = file.read_bytes()
    query = random_rows(1, 6)[0]
    expected = brute_force(catalog, query, 8)
    for what, data in damages(whole):
        file.unlink(missing_ok=True)
        if data is not None:
            file.write_bytes(data)
        vectors = Vectors(file, catalog, DIMENSION)
        assert "rebuilt" in vectors.finding(), what
        assert_same(vectors.search(query, 8), expected)
        vectors.save()
        assert vectors.finding() == ""


def test_a_file_of_another_state_is_stale_even_at_the_same_generation(tmp_path: Path) -> None:
    catalogs = []
    for name, seed in (("first", 1), ("second", 2)):
        catalogs.append(Catalog(tmp_path / name, create=True))
        put(catalogs[-1], "/a", random_rows(10, seed))
    first, second = catalogs
    assert first.generation == second.generation
    file = tmp_path / FILE
    Vectors(file, first, DIMENSION).save()
    vectors = Vectors(file, second, DIMENSION)
    assert "stale" in vectors.finding()
    query = random_rows(1, 3)[0]
    assert_same(vectors.search(query, 3), brute_force(second, query, 3))
    for catalog in catalogs:
        catalog.close()


def test_a_sound_file_is_used_and_not_read_from_the_catalog_again(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(catalog, "/a", random_rows(10, 1))
    Vectors(tmp_path / FILE, catalog, DIMENSION).save()
    asked: list[int] = []
    read = Catalog.vectors

    def counted(self: Catalog, ids: Ids, dimension: int) -> Matrix:
        asked.append(len(ids))
        return read(self, ids, dimension)

    monkeypatch.setattr(Catalog, "vectors", counted)
    vectors = Vectors(tmp_path / FILE, catalog, DIMENSION)
    vectors.search(random_rows(1, 2)[0], 3)
    assert asked == [0]
    put(catalog, "/b", random_rows(4, 3))
    vectors.search(random_rows(1, 2)[0], 3)
    assert asked == [0, 4]


def test_a_failed_save_leaves_the_old_file(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(catalog, "/a", random_rows(10, 1))
    vectors = Vectors(tmp_path / FILE, catalog, DIMENSION)
    vectors.save()
    whole = (tmp_path / FILE).read_bytes()
    put(catalog, "/b", random_rows(10, 2))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag.vectors.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        vectors.save()
    assert (tmp_path / FILE).read_bytes() == whole
