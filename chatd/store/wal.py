"""
Whether the journal that SQLite keeps beside a database is whole.

SQLite takes the first frame whose checksum is wrong for the end, because a power
failure cuts the last transaction short. Were it a damaged frame in the middle, all that
was kept after it would be gone without a word. See section 4 of "Database File Format"
in the documentation of SQLite.
"""

import struct
from pathlib import Path

# By the first four bytes: the order of bytes in which checksums are made.
_ORDERS = {0x377F0682: "<", 0x377F0683: ">"}
_HEADER = struct.Struct(">8I")  # these, version, page size, number, salts, checksum
_FRAME = struct.Struct(">6I")  # page, size of the database at a commit, salts, checksum


def find_damage(journal: Path) -> str:
    """
    @return: What is wrong; C{""} if nothing is, or if there is no journal.
    """
    try:
        with journal.open("rb") as file:
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return ""
            magic, _, page, _, *salts, one, two = _HEADER.unpack(header)
            order = _ORDERS.get(magic, "<")
            checksum = _add((0, 0), header[:24], order)
            if magic not in _ORDERS or checksum != (one, two):
                return "its beginning is wrong"
            wrong = commits = number = 0
            while len(frame := file.read(_FRAME.size + page)) == _FRAME.size + page:
                number += 1
                _, commit, *rest = _FRAME.unpack_from(frame)
                if not wrong:
                    data = frame[:8] + frame[_FRAME.size :]
                    checksum = _add(checksum, data, order)
                    if rest == [*salts, *checksum]:
                        continue
                    wrong = number
                # Others were left there by earlier rounds through the file.
                if rest[:2] == salts:
                    commits += bool(commit)
            # One may be the last transaction, cut short. Two cannot: the second was
            # only begun when the first was on the disk.
            return f"frame {wrong} is wrong, with others behind it" * (commits > 1)
    except FileNotFoundError:
        return ""


def _add(checksum: tuple[int, int], data: bytes, order: str) -> tuple[int, int]:
    one, two = checksum
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for first, second in zip(words, words, strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
