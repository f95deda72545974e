// SPDX-License-Identifier: Apache-2.0
// A Lease that can be read can be written, and reads back the same.
#include "base/str.h"
#include "informer/lease_record.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lease_record r, again;
    autobuf struct buf out = { 0 };

    buf_init(&out, 4u << 20);
    if (lease_record_parse((struct str){ (const char *)data, size }, &r, NULL) < 0)
        return 0;
    assert(r.spec.duration >= 0 && r.spec.duration <= INT32_MAX);
    if (lease_record_write(&r.spec, r.metadata, &out) == 0) {
        assert(lease_record_parse(buf_str(&out), &again, NULL) == 0);
        assert(lease_spec_same(&r.spec, &again.spec) && r.rv == again.rv);
        lease_record_fini(&again);
    }
    lease_record_fini(&r);
    return 0;
}
