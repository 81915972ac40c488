#!/usr/bin/env python3
"""clang-tidy over every source, JOBS at a time (default: one a core); quiet when there is nothing to say.
Usage: tidy.py BUILD_DIR [PATH…]"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ("src", "tests", "fuzz", "bench")


def without_pch(words):
    """The command as clang can run it: no ccache, no GCC precompiled header."""
    kept, skip = [], False
    for word in words[1:] if words[0].endswith("ccache") else words:
        if skip:
            skip = False
        elif word == "-include":
            skip = True
        elif word != "-Winvalid-pch":
            kept.append(word)
    return " ".join([*kept, "-Wno-unknown-warning-option", "-Wno-deprecated-declarations"])  # GCC's, libstdc++'s


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = tuple(str((ROOT / p).resolve()) for p in sys.argv[2:] or SOURCES)
    commands = json.loads((build / "compile_commands.json").read_text())
    for command in commands:
        command["command"] = without_pch(command["command"].split())
    files = sorted({c["file"] for c in commands if c["file"].startswith(wanted) and "/gen/" not in c["file"]})
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "compile_commands.json").write_text(json.dumps(commands))

        def run(file):
            done = subprocess.run(["clang-tidy-19", "--quiet", "-p", folder, file], capture_output=True, text=True,
                                  cwd=ROOT, check=False)
            return file, done.returncode, done.stdout.strip()

        bad = 0
        with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS") or os.cpu_count())) as pool:
            for file, code, text in pool.map(run, files):
                if code != 0 or text:
                    bad += 1
                    print(f"{os.path.relpath(file, ROOT)}:\n{text}", flush=True)
    print(f"tidy: {len(files)} files, {bad} with something to say")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
