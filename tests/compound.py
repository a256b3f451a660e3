"""A small writer of compound files, the container of old Office files and Outlook items."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

Tree = dict[str, Any]  # streams by name, and storages
_SECTOR, _MINI, _CUTOFF, _END, _FREE = 512, 64, 4096, 0xFFFFFFFE, 0xFFFFFFFF


class Compound:
    """Writes a compound file: [MS-CFB] with one level of tables, which is enough for small ones."""

    def __init__(self, tree: Tree) -> None:
        self.entries: list[list[Any]] = []  # name, kind, right, child, first sector, size
        self.sectors: list[bytes] = []
        self.chain: dict[int, int] = {}
        self.mini = b""
        self.mini_chain: list[int] = []
        self._add("Root Entry", tree, root=True)

    def _add(self, name: str, content: Any, *, root: bool = False) -> int:
        number = len(self.entries)
        self.entries.append([name, 5 if root else 1 if isinstance(content, dict) else 2, _FREE, _FREE, _END, 0])
        if isinstance(content, dict):
            inner = [self._add(key, value) for key, value in sorted(content.items(), key=lambda item: len(item[0]))]
            for left, right in pairwise(inner):
                self.entries[left][2] = right
            self.entries[number][3] = inner[0] if inner else _FREE
        else:
            first = self._store(content) if len(content) >= _CUTOFF else self._store_mini(content)
            self.entries[number][4:] = [first, len(content)]
        return number

    def _store(self, data: bytes) -> int:
        first = len(self.sectors)
        count = max(1, -(-len(data) // _SECTOR))
        for number in range(count):
            self.sectors.append(data[number * _SECTOR : (number + 1) * _SECTOR].ljust(_SECTOR, b"\0"))
            self.chain[first + number] = first + number + 1 if number + 1 < count else _END
        return first

    def _store_mini(self, data: bytes) -> int:
        first = len(self.mini) // _MINI
        count = -(-len(data) // _MINI)
        self.mini += data.ljust(count * _MINI, b"\0")
        self.mini_chain += [first + n + 1 if n + 1 < count else _END for n in range(count)]
        return first if count else _END

    def data(self) -> bytes:
        mini_fat = struct.pack(f"<{len(self.mini_chain)}I", *self.mini_chain)
        mini_fat_at = self._store(mini_fat.ljust(-(-len(mini_fat) // _SECTOR) * _SECTOR, b"\xff"))
        mini_fats = -(-len(mini_fat) // _SECTOR)
        self.entries[0][4:] = [self._store(self.mini), len(self.mini)]
        directory = b"".join(self._entry(*entry) for entry in self.entries)
        directory_at = self._store(directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0"))
        fats = 1
        while fats * 128 < len(self.sectors) + fats:
            fats += 1
        fat_at = len(self.sectors)
        table = [self.chain[number] for number in range(fat_at)] + [0xFFFFFFFD] * fats
        table += [_FREE] * (fats * 128 - len(table))
        places = [fat_at + number for number in range(fats)] + [_FREE] * (109 - fats)
        head = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
        head += struct.pack(
            "<IIIIIIIIII", 0, fats, directory_at, 0, _CUTOFF, mini_fat_at, mini_fats, _END, 0, places[0]
        )
        head += struct.pack("<108I", *places[1:])
        return head + b"".join(self.sectors) + struct.pack(f"<{len(table)}I", *table)

    @staticmethod
    def _entry(name: str, kind: int, right: int, child: int, first: int, size: int) -> bytes:
        wide = name.encode("utf-16-le")
        start = wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide) + 2, kind, 1, _FREE, right, child)
        return start + bytes(36) + struct.pack("<IQ", first, size)
