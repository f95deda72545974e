// SPDX-License-Identifier: Apache-2.0
// Image references: [registry[:port]/]path[:tag][@algorithm:hex] (catalogue §0.7). Any thread.
#pragma once

#include "base/base.h"
#include "base/str.h"

struct image {
    struct str registry; // "docker.io" when none is written
    struct str path;   // without registry; "nginx" of Docker Hub means "library/nginx": see library
    struct str tag;    // empty when none is written
    struct str digest; // "sha256:…"; empty when none is written
    bool library;      // "library/" is implied in front of path
};

// Points into s. False when s is no reference (empty, blanks, upper-case path, empty tag or
// digest).
bool image_parse(struct str s, struct image *ret);
bool image_mutable(const struct image *i); // no digest, and no tag or "latest"
// Is the image under prefix ("registry.example.com/team")? Whole path segments; a bare host stands
// for all of it.
bool image_under(const struct image *i, struct str prefix);
