// SPDX-License-Identifier: Apache-2.0
// CustomResourceDefinitions and their page of documentation, made from the rows of our kinds.
#pragma once

#include "apis/kinds.h"
#include "base/writer.h"

void crd_write(const struct kind *k, struct writer *w); // apiextensions.k8s.io/v1; k->own
int must_check crd_write_docs(struct buf *out);         // docs/api.md; -1 when out is full
