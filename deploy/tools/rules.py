#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rules.py MANIFEST KIND NAME: prints the rules of that Role or ClusterRole as YAML."""
import sys

import yaml

manifest, kind, name = sys.argv[1:]
with open(manifest, encoding="utf-8") as f:
    found = [o for o in yaml.safe_load_all(f) if o["kind"] == kind and o["metadata"]["name"] == name]
if len(found) != 1:
    sys.exit(f"{manifest}: holds {len(found)} objects {kind}/{name}, want one")
print(f"# Made by deploy/generate.sh from {manifest}; do not edit.")
print(yaml.safe_dump(found[0]["rules"], sort_keys=False), end="")
