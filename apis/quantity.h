// SPDX-License-Identifier: Apache-2.0
// Quantities of Kubernetes ("500m", "1.5Gi", "2e3"), exact in integers. Below nano a value is
// rounded up, above 2^63-1 units it is held there, as the API server does. Any thread.
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "base/str.h"

struct quantity {
    __int128 nano; // 10^-9 units
};

int must_check quantity_parse(struct str s, struct quantity *ret, struct error *e);
int quantity_compare(struct quantity a, struct quantity b); // <0, 0, >0
int64_t quantity_units(struct quantity q);                  // whole units (bytes, pods), rounded up
int64_t quantity_milli(struct quantity q);                  // thousandths (CPU), rounded up
// Of a text: 0 when s is NULL or no quantity.
int64_t quantity_units_of(const char *s);
int64_t quantity_milli_of(const char *s);
