#!/usr/bin/env python3
"""Checks with nm that the engines stay pure: no file, socket, clock, environment, thread or randomness.

For each engine the objects of its archive are the start; every object of our own archives that defines a symbol they
need is added, until nothing is missing. None of these objects may need a symbol of the deny list.
Usage: check_purity.py BUILD_DIR
"""
import pathlib
import re
import subprocess
import sys

ENGINES = ["doc", "report", "expr", "kube", "rbac", "policy", "graph"]

DENIED = re.compile(
    r"^(open|open64|openat|openat64|creat|fopen|fopen64|freopen|fdopen|read|pread|write|pwrite|unlink|rename|mkdir|"
    r"opendir|readdir|stat|stat64|lstat|fstat|socket|connect|bind|listen|accept|accept4|send|sendto|recv|recvfrom|"
    r"getaddrinfo|poll|epoll_\w+|select|clock_gettime|gettimeofday|time|localtime|localtime_r|nanosleep|usleep|sleep|"
    r"getenv|secure_getenv|setenv|environ|system|popen|fork|vfork|execve?|execvp|posix_spawn|pthread_create|"
    r"getrandom|getentropy|rand|srand|random|srandom|dlopen)$"
    r"|^_ZNSt6thread|^_ZNSt6chrono.*3nowEv|^_ZNSt13random_device|^_ZNSt10filesystem|^_ZNSt14basic_[io]fstream|"
    r"^_ZNSt13basic_(fstream|filebuf)")


def objects_of(archive):
    """{object: (defined, undefined)} of one archive."""
    out = subprocess.run(["nm", "--format=posix", str(archive)], check=True, capture_output=True, text=True).stdout
    objects, current = {}, None
    for line in out.splitlines():
        header = re.match(r"^.*\[(.+)\]:$", line)
        if header:
            current = f"{archive.name}[{header.group(1)}]"
            objects[current] = (set(), set())
            continue
        parts = line.split()
        if current is not None and len(parts) >= 2:
            objects[current][1 if parts[1] in ("U", "w") else 0].add(parts[0])
    return objects


def main():
    build = pathlib.Path(sys.argv[1])
    objects = {}
    for archive in sorted(build.glob("libameia_*.a")):
        objects.update(objects_of(archive))
    definer = {}
    for name, (defined, _) in objects.items():
        for symbol in defined:
            definer.setdefault(symbol, name)
    problems = 0
    for engine in ENGINES:
        seen = {name for name in objects if name.startswith(f"libameia_{engine}.a[")}
        if not seen:
            print(f"purity: no archive of room {engine} in {build}", file=sys.stderr)
            return 1
        work = list(seen)
        while work:
            name = work.pop()
            for symbol in objects[name][1]:
                if DENIED.match(symbol):
                    print(f"purity: {engine} reaches {symbol} through {name}", file=sys.stderr)
                    problems += 1
                target = definer.get(symbol)
                if target is not None and target not in seen:
                    seen.add(target)
                    work.append(target)
        print(f"purity: {engine}: {len(seen)} objects")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
