#!/usr/bin/env python3
"""Checks every #include of src/ against layers.txt.

Fails on: a room that layers.txt does not list, an include of a room above or beside, another room's internal/ header,
a walled third-party header outside its room, a path with "..", and a row that rests on a later one (so no cycles).
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_layers(path):
    rooms, walls = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        head, _, tail = line.partition(":")
        if head.startswith("wall "):
            walls += [(header, set(tail.split())) for header in head.split()[1:]]
        elif re.fullmatch(r"[a-z0-9]+", head):
            below = set(rooms) if tail.strip() == "*" else set(tail.split())
            unknown = below - set(rooms)
            if unknown:
                sys.exit(f"layers.txt:{number}: {head} rests on {sorted(unknown)}, which stand above it or do not exist")
            rooms[head] = below
        else:
            sys.exit(f"layers.txt:{number}: cannot read '{line}'")
    return rooms, walls


def problems_of(path, rooms, walls):
    room = path.relative_to(ROOT / "src").parts[0]
    where = path.relative_to(ROOT)
    if room not in rooms:
        yield f"{where}: room '{room}' has no row in layers.txt"
        return
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        header = found.group(2)
        first = header.split("/")[0]
        if ".." in header.split("/"):
            yield f"{where}:{number}: include by '..': {header}"
        if found.group(1) == '"' and first in rooms and first != room:
            if first not in rooms[room]:
                yield f"{where}:{number}: {room} may not include {header} (see layers.txt)"
            if "/internal/" in header:
                yield f"{where}:{number}: {header} is private to {first}"
        for wall, allowed in walls:
            if header.startswith(wall) and room not in allowed:
                yield f"{where}:{number}: {header} may only be included by {', '.join(sorted(allowed))}"


def main():
    rooms, walls = read_layers(ROOT / "layers.txt")
    files = [path for path in sorted((ROOT / "src").rglob("*")) if path.suffix in (".h", ".cc", ".c")]
    problems = [problem for path in files for problem in problems_of(path, rooms, walls)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"layers: {len(files)} files, {len(rooms)} rooms, {len(problems)} problems")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
