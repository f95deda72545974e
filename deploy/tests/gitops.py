#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gitops.py LUA KSTATUS: Argo CD's health and kstatus's status of every status that our reconcilers write.

The statuses are those of controller/testdata, which the reconcilers' own tests compare with. Each is asked
twice: as of its generation, and once more after the spec has changed. One line for each that differs from
the table below, then "N passed, N failed".
"""
import glob
import json
import subprocess
import sys
import tempfile

import yaml

# (phase, or Ready and Stalled of a Kube9Config): (Argo CD, kstatus)
RUN = {
    "Pending": ("Progressing", "InProgress"),
    "Running": ("Progressing", "InProgress"),
    "Completed": ("Healthy", "Current"),
    "Partial": ("Healthy", "Current"),
    "Failed": ("Degraded", "Failed"),
    "Cancelled": ("Degraded", "Failed"),
}
CONFIG = {
    ("True", None): ("Healthy", "Current"),
    ("False", "True"): ("Degraded", "Failed"),
}
MOVED = ("Progressing", "InProgress")
# kstatus takes an object without conditions for one that needs none.
BARE = ("Progressing", "Current")

lua, kstatus = sys.argv[1:]
work = tempfile.TemporaryDirectory()
checks = {}
with open("deploy/gitops/argocd/argocd-cm.yaml", encoding="utf-8") as f:
    for key, text in yaml.safe_load(f)["data"].items():
        kind = key.removeprefix("resource.customizations.health.kube9.io_")
        checks[kind] = f"{work.name}/{kind}.lua"
        with open(checks[kind], "w", encoding="utf-8") as out:
            out.write(text)


def as_lua(value):
    if isinstance(value, dict):
        return "{" + ",".join(f"[{json.dumps(k)}]={as_lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ",".join(map(as_lua, value)) + "}"
    return "nil" if value is None else json.dumps(value, ensure_ascii=False)


def argocd(o):
    with open(f"{work.name}/object.lua", "w", encoding="utf-8") as out:
        out.write("return " + as_lua(o))
    command = [lua, "deploy/tests/health.lua", checks[o["kind"]], f"{work.name}/object.lua"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or ran.stderr.strip()


def kstatuses(objects):
    text = "\n".join(map(json.dumps, objects))
    ran = subprocess.run([kstatus], input=text, capture_output=True, text=True, check=True)
    return [line.split()[-1] for line in ran.stdout.splitlines()]


def condition(o, kind):
    return next((c["status"] for c in o["status"]["conditions"] if c["type"] == kind), None)


def wanted(o):
    if o["kind"] == "AssessmentRun":
        return RUN[o["status"]["phase"]]
    return CONFIG[condition(o, "Ready"), condition(o, "Stalled")]


def written():
    """(name of the fixture, the object with the status as it was written, and the generation it is about)"""
    for path in sorted(glob.glob("controller/testdata/*/*.plan")):
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.startswith("apply-status "):
                    o = json.loads(line.split(" ", 2)[2])
                    o["metadata"]["generation"] = o["status"]["observedGeneration"]
                    yield path, o


cases, phases = [], set()
for path, o in written():
    cases.append((path, o, wanted(o)))
    phases.add(o["status"].get("phase") or (condition(o, "Ready"), condition(o, "Stalled")))
    moved = {**o, "metadata": {**o["metadata"], "generation": o["metadata"]["generation"] + 1}}
    cases.append((path + ", and the spec changed", moved, MOVED))
for kind in checks:
    bare = {"apiVersion": "kube9.io/v1alpha1", "kind": kind, "metadata": {"name": "new", "generation": 1}, "spec": {}}
    cases.append((f"a new {kind}", bare, BARE))

failed = 0
for (name, o, want), flux in zip(cases, kstatuses([c[1] for c in cases]), strict=True):
    got = (argocd(o), flux)
    if got != want:
        failed += 1
        print(f"FAILED: {name}: want Argo CD and kstatus {want}, got {got}")
missing = (set(RUN) | set(CONFIG)) - phases
if missing:
    failed += 1
    print(f"FAILED: no fixture has {sorted(map(str, missing))}")
print(f"{len(cases) + 1 - failed} passed, {failed} failed")
sys.exit(failed > 0)
