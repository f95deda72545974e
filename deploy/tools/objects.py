#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""objects.py: prints the YAML documents on stdin laid out anew: in order of kind, namespace and name."""
import sys

import yaml

# Definitions before their objects, the account before what names it.
FIRST = ["Namespace", "CustomResourceDefinition", "ServiceAccount", "Secret"]
LAST = ["Kube9Config"]


def place(o):
    kind, meta = o["kind"], o["metadata"]
    rank = FIRST.index(kind) if kind in FIRST else len(FIRST) + (kind in LAST)
    return rank, kind, meta.get("namespace", ""), meta["name"]


def tidy(o):
    for holder in (o, o.get("spec", {}).get("template", {}) if o["kind"] == "Deployment" else {}):
        meta = holder.get("metadata", {})
        for key in ("labels", "annotations"):
            if key in meta and not meta[key]:
                del meta[key]
    return o


objects = sorted((tidy(o) for o in yaml.safe_load_all(sys.stdin) if o), key=place)
yaml.safe_dump_all(objects, sys.stdout, sort_keys=False, width=1000, explicit_start=True)
