"""PURE. On which line of a TOML text each key stands. The text must be TOML: what is none is refused before."""

import tomllib
from collections.abc import Mapping

Path = tuple[str | int, ...]
SPACE = " \t"
BARE_END = ",]}#\n\r"


def lines(text: str) -> Mapping[Path, int]:
    """The line (from 1) of every table, key and element, by its path: `("camera", 0, "zone")`."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._blank()
        return self.found

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def _note(self, path: Path) -> None:
        # A dotted key makes the tables above it: they stand where they were first named.
        for length in range(1, len(path) + 1):
            self.found.setdefault(path[:length], self.line)

    def _blank(self) -> None:
        """Over spaces, line ends and comments."""
        while self.at < len(self.text) and self.text[self.at] in " \t\n\r#":
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = end if end >= 0 else len(self.text)
            else:
                self.at += 1

    def _header(self) -> Path:
        many = self.text.startswith("[[", self.at)
        line_at = self.at
        self.at += 2 if many else 1
        keys = self._key("]")
        self.at += 2 if many else 1
        end, self.at = self.at, line_at
        path: Path = ()
        for number, key in enumerate(keys):
            path = (*path, key)
            if path in self._counts or (many and number == len(keys) - 1):
                last = self._counts.get(path, -1)
                if many and number == len(keys) - 1:
                    last += 1
                    self._counts[path] = last
                path = (*path, last)
        self._note(path)
        self.at = end
        return path

    def _pair(self, table: Path) -> None:
        start = self.at
        keys = self._key("=")
        self.at, end = start, self.at
        path = (*table, *keys)
        self._note(path)
        self.at = end + 1
        self._value(path)

    def _key(self, stop: str) -> list[str]:
        """The parts of a dotted key; stands at `stop` afterwards."""
        start = self.at
        while self.text[self.at] != stop:
            if self.text[self.at] in "\"'":
                self._string()
            else:
                self.at += 1
        found: list[str] = []
        inner: object = tomllib.loads(f"{self.text[start : self.at]} = 0")
        while isinstance(inner, dict):
            key, inner = next(iter(inner.items()))
            found.append(key)
        return found

    def _value(self, path: Path) -> None:
        while self.text[self.at] in SPACE:
            self.at += 1
        opening = self.text[self.at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in BARE_END:
                self.at += 1

    def _array(self, path: Path) -> None:
        self.at += 1
        number = 0
        self._blank()
        while self.text[self.at] != "]":
            self._note((*path, number))
            self._value((*path, number))
            self._blank()
            if self.text[self.at] == ",":
                self.at += 1
                self._blank()
            number += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        self._blank()
        while self.text[self.at] != "}":
            self._pair(path)
            self._blank()
            if self.text[self.at] == ",":
                self.at += 1
                self._blank()
        self.at += 1

    def _string(self) -> None:
        """Over a string of any of TOML's four kinds."""
        mark = self.text[self.at]
        long = mark * 3
        close = long if self.text.startswith(long, self.at) else mark
        self.at += len(close)
        while not self.text.startswith(close, self.at):
            self.at += 2 if mark == '"' and self.text[self.at] == "\\" else 1
        self.at += len(close)
        # A long string may end in one or two marks of its own.
        while close == long and self.text.startswith(mark, self.at):
            self.at += 1
