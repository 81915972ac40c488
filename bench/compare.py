#!/usr/bin/env python3
"""Runs other scanners and Ameia over the same manifests: what each finds, how long it takes, how much memory.

    bench/compare.py MANIFESTS [--ameia build/release/ameia] [--peers DIRECTORY] [--json FILE]

Peers are looked for in --peers and on the PATH: kube-linter, kube-score, polaris, trivy, kubescape. One that is not there is
said to be missing, loudly, and the run goes on without it; with none at all it ends with 1. Only YAML files that kubectl
could take are handed over, and each peer gets the same list.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

RUN_SECONDS_MAX = 900


def run(command: list[str]) -> tuple[str, float, int]:
    """What a command prints, its wall time in seconds and its peak memory in KiB."""
    with tempfile.NamedTemporaryFile() as out:
        begin = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        deadline = begin + RUN_SECONDS_MAX
        while True:
            pid, _, usage = os.wait4(child.pid, os.WNOHANG)
            if pid != 0:
                break
            if time.monotonic() > deadline:
                child.kill()
                os.wait4(child.pid, 0)
                sys.exit(f"compare: {command[0]} took more than {RUN_SECONDS_MAX} s")
            time.sleep(0.005)
        seconds = time.monotonic() - begin
        return pathlib.Path(out.name).read_text(encoding="utf-8", errors="replace"), seconds, usage.ru_maxrss


def kube_linter(text: str) -> collections.Counter:
    return collections.Counter(report["Check"] for report in json.loads(text or "{}").get("Reports") or [])


def kube_score(text: str) -> collections.Counter:
    found = collections.Counter()
    for item in json.loads(text or "[]") or []:
        for check in item["checks"]:
            if not check["skipped"] and check["grade"] < 10:
                found[check["check"]["id"]] += max(1, len(check["comments"] or []))
    return found


def polaris(text: str) -> collections.Counter:
    found = collections.Counter()

    def walk(node):
        if isinstance(node, dict):
            if node.get("Success") is False and "ID" in node:
                found[node["ID"]] += 1
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(json.loads(text or "{}"))
    return found


def trivy(text: str) -> collections.Counter:
    return collections.Counter(m["ID"] for result in json.loads(text or "{}").get("Results") or [] for m in result.get("Misconfigurations") or [])


def kubescape(text: str) -> collections.Counter:
    found = collections.Counter()
    for result in json.loads(text or "{}").get("results") or []:
        for control in result.get("controls") or []:
            if (control.get("status") or {}).get("status") == "failed":
                found[control["controlID"]] += 1
    return found


def ameia(text: str) -> collections.Counter:
    return collections.Counter(f["id"] for f in json.loads(text)["findings"] if f["status"] == "fail")


PEERS = {
    "kube-linter": (lambda tool, files, folder: [tool, "lint", "--format", "json", "--add-all-built-in", *files], kube_linter),
    "kube-score": (lambda tool, files, folder: [tool, "score", "-o", "json", *files], kube_score),
    "polaris": (lambda tool, files, folder: [tool, "audit", "--audit-path", folder, "--format", "json"], polaris),
    "trivy": (lambda tool, files, folder: [tool, "config", "--format", "json", "--quiet", "--skip-check-update", folder], trivy),
    "kubescape": (lambda tool, files, folder: [tool, "scan", folder, "--format", "json", "--output", "/dev/stdout", "--keep-local"], kubescape),
}


def manifests(root: pathlib.Path) -> list[pathlib.Path]:
    """Files that hold a Kubernetes object and no template."""
    files = []
    for file in sorted(root.rglob("*.y*ml")):
        text = file.read_text(encoding="utf-8", errors="replace")
        is_object = re.search(r"^apiVersion:", text, re.M) and re.search(r"^kind:", text, re.M)
        if is_object and "{{" not in text and not file.name.startswith("kustomization"):
            files.append(file)
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifests", type=pathlib.Path)
    parser.add_argument("--ameia", default="build/release/ameia")
    parser.add_argument("--peers", type=pathlib.Path, help="a directory with the peers' programs")
    parser.add_argument("--json", type=pathlib.Path, help="write everything that was found here")
    args = parser.parse_args()
    files = manifests(args.manifests)
    if not files:
        sys.exit(f"compare: no manifests under {args.manifests}")
    missing, rows = [], {}
    with tempfile.TemporaryDirectory() as folder:
        copies = []
        for number, file in enumerate(files):  # the same flat folder for all of them
            copy = pathlib.Path(folder) / f"{number:04}.yaml"
            shutil.copyfile(file, copy)
            copies.append(str(copy))
        text, seconds, memory = run([args.ameia, "scan", folder, "-q", "-o", "json"])
        rows["ameia"] = (ameia(text), seconds, memory)
        for name, (command, parse) in PEERS.items():
            tool = shutil.which(name, path=str(args.peers)) if args.peers else None
            tool = tool or shutil.which(name)
            if tool is None:
                missing.append(name)
                continue
            text, seconds, memory = run(command(tool, copies, folder))
            rows[name] = (parse(text), seconds, memory)
    print(f"{len(files)} files\n{'tool':12} {'kinds':>6} {'findings':>9} {'wall s':>8} {'MiB':>7}")
    for name, (found, seconds, memory) in rows.items():
        print(f"{name:12} {len(found):6} {sum(found.values()):9} {seconds:8.2f} {memory / 1024:7.1f}")
    for name, (found, _, _) in rows.items():
        print(f"\n{name}")
        for check, number in sorted(found.items()):
            print(f"  {number:6}  {check}")
    for name in missing:
        print(f"\nMISSING PEER: {name} is neither in --peers nor on the PATH; nothing is said about it", file=sys.stderr)
    if args.json:
        args.json.write_text(json.dumps({n: {"found": f, "seconds": s, "kib": m} for n, (f, s, m) in rows.items()}, indent=1))
    return 1 if len(rows) == 1 else 0


sys.exit(main())
