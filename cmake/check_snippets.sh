#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fails when a piece of C or CMake in docs/informer.md is not, line for line, a piece of one of
# informer/examples/*, which are compiled. Runs from the source root.
set -eu

awk '
    FILENAME != doc && FNR == 1 { files++; name[files] = FILENAME }
    FILENAME != doc { text[files] = text[files] $0 "\n"; next }
    /^```(c|cmake)$/ { inside = 1; start = FNR; block = ""; next }
    /^```/ && inside {
        inside = 0
        blocks++
        found = 0
        for (i in text)
            if (index("\n" text[i], "\n" block))
                found = 1
        if (!found) {
            print doc ":" start ": this is no piece of informer/examples"
            bad = 1
        }
        next
    }
    inside { block = block $0 "\n" }
    END {
        if (!blocks) {
            print doc ": no piece of code was found"
            bad = 1
        }
        exit bad
    }
' doc=docs/informer.md informer/examples/* docs/informer.md
