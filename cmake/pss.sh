#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches the fixtures of the Pod Security Standards, a Go module of 1 MB, in the version that
# cmake/pss/go.mod pins and with the checksum of go.sum beside it. Asks nothing of the network when
# they are in the module cache.
set -eu

cd "$(dirname "$0")/pss"
command -v go >/dev/null || {
    echo "pss: needs Go, to fetch k8s.io/pod-security-admission for test_pss_oracle" >&2
    exit 1
}
GOFLAGS=-mod=readonly GOWORK=off go mod download k8s.io/pod-security-admission
