#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""config_schema.py SCHEMA CRD: prints values.schema.json with the CRD's schema of spec as that of config.spec."""
import json
import sys

import yaml

# What JSON schema knows of a structural schema; the rest (CEL, list types) the API server judges.
KEPT = {"type", "description", "properties", "items", "required", "enum", "pattern", "minimum", "maximum",
        "minLength", "maxLength", "minItems", "maxItems", "maxProperties", "additionalProperties"}


def plain(schema):
    """A member that the kind does not know is an error, as it is for kubectl."""
    out = {k: v for k, v in schema.items() if k in KEPT}
    if "properties" in out:
        out["properties"] = {k: plain(v) for k, v in out["properties"].items()}
        out["additionalProperties"] = False
    elif isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = plain(out["additionalProperties"])
    if "items" in out:
        out["items"] = plain(out["items"])
    return out


with open(sys.argv[1], encoding="utf-8") as f:
    values = json.load(f)
with open(sys.argv[2], encoding="utf-8") as f:
    crd = yaml.safe_load(f)
spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
values["properties"]["config"]["properties"]["spec"] = plain(spec)
print(json.dumps(values, indent=2))
