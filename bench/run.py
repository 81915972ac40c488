#!/usr/bin/env python3
"""Runs the benchmarks, and their peers on the same input in the same run where the peers can be had.

Prints a table and writes [{"name","value","unit","peer","peer_value","ratio"}]; peer fields are null where the peer is
absent, and the run says why. ratio > 1 means Ameia is better. Inputs are described in docs/benchmarks.md.
Usage: run.py --out FILE [--only NAME…] [--scale]
"""
import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
SUITES = pathlib.Path(os.environ.get("AMEIA_SUITES", ROOT.parent / "shared" / "suites"))
BETTER_IS_HIGHER = {"MB/s", "objects/s"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def rows_of(command):
    """The JSON rows a benchmark program prints; a failing program is an error, not a missing row."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say(f"bench: {' '.join(map(str, command))} exited {done.returncode}: {done.stderr.strip()}")
        raise SystemExit(1)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def timed(command):
    """Wall seconds and peak MiB of one child."""
    start = time.monotonic()
    with open(os.devnull, "w", encoding="utf-8") as sink:
        child = subprocess.Popen([str(c) for c in command], stdout=sink)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        say(f"bench: {' '.join(map(str, command))} exited {child.returncode}")
        raise SystemExit(1)
    return time.monotonic() - start, usage.ru_maxrss / 1024


def build_peers(folder):
    if shutil.which("go") is None:
        say("bench: PEERS SKIPPED: Go is not installed, so cel-go, encoding/json and sigs.k8s.io/yaml are not measured")
        return None
    binary = folder / "peers"
    done = subprocess.run(["go", "build", "-o", str(binary), "."], cwd=ROOT / "bench" / "peers", capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        say(f"bench: PEERS SKIPPED: the Go module does not build here: {done.stderr.strip()[:400]}")
        return None
    return binary


def scan(folder, objects, files, name):
    data = folder / name
    subprocess.run([str(BUILD / "gen_objects"), str(objects), str(files), str(data)], check=True)
    runs = [timed([BUILD / "ameia", "scan", data]) for _ in range(3)]
    seconds, mib = min(r[0] for r in runs), max(r[1] for r in runs)
    shutil.rmtree(data)
    return [{"name": name, "value": seconds, "unit": "s"}, {"name": f"{name}_memory", "value": mib, "unit": "MiB"}]


def fixable(folder, files, seed):
    """Workloads as they are written before anyone thinks of security, in several styles."""
    chance = random.Random(seed)
    kinds = [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job")]
    for i in range(files):
        version, kind = chance.choice(kinds)
        step = chance.choice(["", "  "])
        lines = [f"# workload {i}", f"apiVersion: {version}", f"kind: {kind}", "metadata:", f"  name: w{i}  # keep",
                 f"  namespace: ns{i % 50}", "spec:"]
        if kind != "Job":
            lines += ["  selector:", f"    matchLabels: {{app: w{i}}}"]
        lines += ["  template:", "    metadata:", f"      labels: {{app: w{i}}}", "    spec:"]
        lines += ["      restartPolicy: Never"] if kind == "Job" else []
        lines += ["      containers:"]
        for c in range(chance.randint(1, 3)):
            image = chance.choice(["registry.example.com/app", '"k8s.gcr.io/app"', "'docker.io/library/app'"])
            quote = image[0] if image[0] in "\"'" else ""
            lines += [f"      {step}- name: c{c}", f"      {step}  image: {image.rstrip(quote) if quote else image}:1.{c}{quote}  # image"]
            if chance.random() < 0.4:
                lines += [f"      {step}  securityContext: {{runAsNonRoot: true, runAsUser: 1000}}"]
            if chance.random() < 0.5:
                lines += [f"      {step}  args:", f"      {step}  - --port=80", f"      {step}  - |", f"      {step}    text", f"      {step}    more"]
        (folder / f"w{i:05}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def netpol_files(folder):
    """A question about the same estate read from its files, parsing included."""
    data = folder / "netpol"
    subprocess.run([str(BUILD / "netpol_bench"), str(data)], check=True)
    command = [BUILD / "ameia", "netpol", "can", "ns0/app0", "ns1/app0", "8001", "-r", data]
    seconds, mib = min(timed(command) for _ in range(2))
    shutil.rmtree(data)
    return [{"name": "netpol_100k_files", "value": seconds, "unit": "s"},
            {"name": "netpol_100k_files_memory", "value": mib, "unit": "MiB"}]


def audit(folder, mebibytes):
    """`ameia rbac unused` over one audit log, and the estate that its users are of."""
    log, estate = folder / "audit.log", folder / "rbac"
    subprocess.run([str(BUILD / "gen_audit"), str(mebibytes << 20), str(log)], check=True)
    subprocess.run([str(BUILD / "rbac_bench"), str(estate)], check=True)
    command = [BUILD / "ameia", "rbac", "unused", "-o", "json", estate, "--audit-log"]
    # What the estate costs by itself is no part of the log's speed.
    (folder / "one.log").write_bytes(log.open("rb").readline())
    alone = min(timed(command + [folder / "one.log"])[0] for _ in range(2))
    seconds, mib = min(timed(command + [log]) for _ in range(2))
    size = log.stat().st_size
    shutil.rmtree(estate)
    log.unlink()
    return [{"name": "audit_stream", "value": size / 1e6 / max(seconds - alone, 1e-3), "unit": "MB/s"},
            {"name": "audit_stream_memory", "value": mib, "unit": "MiB"}]


def fix(folder, files):
    """`ameia fix` over files that all need it, wall time of the run and of a second one, which must change nothing."""
    data = folder / "fix"
    best = None
    for run in range(3):
        data.mkdir()
        fixable(data, files, seed=7)
        untouched = {path.name: path.read_bytes() for path in data.iterdir()}
        seconds, mib = timed([BUILD / "ameia", "fix", data])
        fixed = {path.name: path.read_bytes() for path in data.iterdir()}
        again, _ = timed([BUILD / "ameia", "fix", data])
        if {path.name: path.read_bytes() for path in data.iterdir()} != fixed:
            say("bench: fix_1k: a second run changed a file")
            raise SystemExit(1)
        if any(fixed[name] == text for name, text in untouched.items()):
            say("bench: fix_1k: a file was not fixed")
            raise SystemExit(1)
        shutil.rmtree(data)
        best = (seconds, again, mib) if best is None or seconds < best[0] else best
    return [{"name": "fix_1k", "value": best[0], "unit": "s"}, {"name": "fix_1k_again", "value": best[1], "unit": "s"},
            {"name": "fix_1k_memory", "value": best[2], "unit": "MiB"}]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--only", nargs="*", help="names or prefixes of the rows wanted")
    parser.add_argument("--scale", action="store_true", help="also 100,000 objects")
    args = parser.parse_args()

    def wanted(name):
        return not args.only or any(name.startswith(o) for o in args.only)

    pod, policies = SUITES / "policy-bench" / "pod.json", SUITES / "policy-bench" / "pol.json"
    ours, theirs = [], {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        peers = build_peers(folder)

        def peer(label, *command):
            if peers is not None:
                for row in rows_of([peers, *command]):
                    theirs[row["name"]] = (label, row["value"])

        text = folder / "text"
        subprocess.run([str(BUILD / "gen_objects"), "1000", "1", str(text)], check=True)
        yaml_file = text / "part-00000.yaml"
        if wanted("yaml_mb_s") or wanted("json_mb_s"):
            ours += rows_of([BUILD / "doc_bench", yaml_file])
            peer("sigs.k8s.io/yaml", "yaml", yaml_file)
            if pod.exists():
                peer("encoding/json", "json", pod)
        if pod.exists():
            if wanted("pss19_pod"):
                ours += rows_of([BUILD / "expr_bench", pod, policies])
                peer("cel-go 0.28.1", "pss19", pod, policies)
        else:
            say(f"bench: pss19_pod SKIPPED: no {pod}")
        if wanted("compile_small"):
            peer("cel-go 0.28.1", "compile")
        if wanted("vap_"):
            ours += rows_of([BUILD / "vap_bench"])
        if wanted("netpol"):
            ours += rows_of([BUILD / "netpol_bench"])
            ours += netpol_files(folder)
        if wanted("rbac"):
            ours += rows_of([BUILD / "rbac_bench"])
        if wanted("audit_stream"):
            ours += audit(folder, 1_024)
        if wanted("scan_10k"):
            ours += scan(folder, 10_000, 100, "scan_10k")
        if wanted("fix_1k"):
            ours += fix(folder, 1_000)
        if args.scale and wanted("scan_100k"):
            ours += scan(folder, 100_000, 1_000, "scan_100k")

    table = []
    for row in ours:
        label, value = theirs.get(row["name"], (row.get("peer"), row.get("peer_value")))
        ratio = None
        if value is not None and row["value"] > 0:
            ratio = row["value"] / value if row["unit"] in BETTER_IS_HIGHER else value / row["value"]
        table.append({"name": row["name"], "value": row["value"], "unit": row["unit"], "peer": label, "peer_value": value, "ratio": ratio})
    print(f"{'name':28} {'ratio':>8} {'value':>14} {'unit':12} {'peer value':>14} peer")
    for row in table:
        ratio = f"{row['ratio']:.1f}x" if row["ratio"] else "-"
        other = f"{row['peer_value']:.2f}" if row["peer_value"] is not None else "-"
        print(f"{row['name']:28} {ratio:>8} {row['value']:14.3f} {row['unit']:12} {other:>14} {row['peer'] or '-'}")
    pathlib.Path(args.out).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
