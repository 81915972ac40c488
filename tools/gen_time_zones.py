#!/usr/bin/env python3
"""Writes src/expr/gen/time_zones.inc from a compiled IANA database (default /usr/share/zoneinfo).

Engines read no files, so the zones are compiled in: every past transition, and the rule for the years after the last.
"""
import os
import re
import struct
import sys


def read_tzif(data):
    """(first offset, [(time, offset)], footer) of a TZif file, version 2 or later."""
    def header(at):
        return struct.unpack(">6l", data[at + 20:at + 44])
    isut, isstd, leap, times, types, chars = header(0)
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isut
    isut, isstd, leap, times, types, chars = header(at)
    at += 44
    when = struct.unpack(f">{times}q", data[at:at + 8 * times])
    at += 8 * times
    index = data[at:at + times]
    at += times
    infos = [struct.unpack(">lBB", data[at + 6 * i:at + 6 * i + 6]) for i in range(types)]
    at += 6 * types + chars + leap * 12 + isstd + isut
    footer = data[at:].strip(b"\n").decode()
    first = infos[0][0]
    rows = []
    last = first
    for time, kind in zip(when, index):
        if infos[kind][0] != last:
            last = infos[kind][0]
            rows.append((time, last))
    return first, rows, footer


def seconds(text):
    """POSIX 'hh[:mm[:ss]]' with a sign."""
    sign = -1 if text.startswith("-") else 1
    parts = [int(p) for p in text.lstrip("+-").split(":")] + [0, 0]
    return sign * (parts[0] * 3600 + parts[1] * 60 + parts[2])


def rule(footer):
    """[standard, daylight, (month, week, day, time) of its start, of its end] or None when there is no daylight time."""
    m = re.fullmatch(r"(?:<[^>]+>|[A-Za-z]+)([-+\d:]+)(?:(?:<[^>]+>|[A-Za-z]+)([-+\d:]*),M(\d+)\.(\d)\.(\d)(?:/([-+\d:]+))?,M(\d+)\.(\d)\.(\d)(?:/([-+\d:]+))?)?", footer)
    if not m:
        raise SystemExit(f"unread footer {footer!r}")
    standard = -seconds(m[1])
    if m[3] is None:
        return None
    daylight = -seconds(m[2]) if m[2] else standard + 3600
    return [standard, daylight, int(m[3]), int(m[4]), int(m[5]), seconds(m[6] or "2"),
            int(m[7]), int(m[8]), int(m[9]), seconds(m[10] or "2")]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/zoneinfo"
    zones, names = {}, []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in ("posix", "right"))
        for file in files:
            path = os.path.join(folder, file)
            name = os.path.relpath(path, root)
            if name in ("localtime", "posixrules", "Factory"):
                continue
            with open(path, "rb") as f:
                data = f.read()
            if data[:4] != b"TZif":
                continue
            key = read_tzif(data)
            key = (key[0], tuple(key[1]), key[2])
            names.append((name, zones.setdefault(key, len(zones))))
    names.sort()
    out = ["// Made by tools/gen_time_zones.py from the IANA time zone database (public domain). Do not edit.", ""]
    times, offsets, rules, rows = [], [], [], []
    for first, transitions, footer in zones:
        r = rule(footer)
        number = -1
        if r is not None:
            if r not in rules:
                rules.append(r)
            number = rules.index(r)
        rows.append(f"{{{len(times)}, {len(transitions)}, {first}, {number}}}")
        times += [t for t, _ in transitions]
        offsets += [o for _, o in transitions]

    def table(declaration, items):
        out.append(declaration + " = {")
        line = "   "
        for item in items:
            if len(line) + len(item) + 2 > 120:
                out.append(line)
                line = "   "
            line += f" {item},"
        out.extend([line, "};", ""])
    table("constexpr int64_t kTransitionTimes[]", [str(t) for t in times])
    table("constexpr int32_t kTransitionOffsets[]", [str(o) for o in offsets])
    table("constexpr ZoneRule kRules[]", ["{" + ", ".join(map(str, r)) + "}" for r in rules])
    table("constexpr ZoneRow kZones[]", rows)
    table("constexpr ZoneName kNames[]", [f'{{"{n}", {z}}}' for n, z in names])
    with open(os.path.join(os.path.dirname(__file__), "../src/expr/gen/time_zones.inc"), "w") as f:
        f.write("\n".join(out))
    print(f"{len(names)} names, {len(zones)} zones, {len(times)} transitions, {len(rules)} rules")


if __name__ == "__main__":
    main()
