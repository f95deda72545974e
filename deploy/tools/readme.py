#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""readme.py VALUES TEXT: prints TEXT with the table of VALUES for the line <!-- values -->.

A value is described by the comment straight above it; one without takes the comment of what holds it.
"""
import json
import re
import sys

import yaml

LINE = re.compile(r"^(?P<blanks> *)(?P<key>[A-Za-z][A-Za-z0-9-]*):(?P<rest>.*)$")


def comments(path):
    """{dotted key: its comment} of each line that is a key."""
    found, above, path_keys = {}, [], []
    with open(path, encoding="utf-8") as f:
        for line in f:
            text = line.strip()
            if text.startswith("#"):
                above.append(text.lstrip("# "))
                continue
            m = LINE.match(line.rstrip("\n"))
            if m:
                depth = len(m["blanks"]) // 2
                path_keys[depth:] = [m["key"]]
                found[".".join(path_keys)] = " ".join(above)
            above = []
    return found


def leaves(value, prefix=""):
    for key, v in value.items():
        name = f"{prefix}{key}"
        if isinstance(v, dict) and v:
            yield from leaves(v, name + ".")
        else:
            yield name, v


def rows(values, described):
    whole = {"resources", "podSecurityContext"}
    for key, text in described.items():
        v = values
        for part in key.split("."):
            v = v[part]
        inside = any(key.startswith(w + ".") for w in whole)
        if inside or (isinstance(v, dict) and v and key not in whole):
            continue
        if not text:
            sys.exit(f"{sys.argv[1]}: {key} has no comment above it: say what it is for")
        yield f"| `{key}` | `{json.dumps(v)}` | {text} |"


with open(sys.argv[1], encoding="utf-8") as f:
    defaults = yaml.safe_load(f)
notes = comments(sys.argv[1])
missing = [k for k, _ in leaves(defaults) if k not in notes]
if missing:
    sys.exit(f"{sys.argv[1]}: cannot be read line by line: {missing}")
table = "\n".join(["| value | default | meaning |", "|---|---|---|", *rows(defaults, notes)])
with open(sys.argv[2], encoding="utf-8") as f:
    print(f.read().replace("<!-- values -->", table), end="")
