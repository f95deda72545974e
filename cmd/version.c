// SPDX-License-Identifier: Apache-2.0
// Where the version comes from: the build.
#include "cmd/version.h"

const char *version_text(void)
{
    return K9_VERSION;
}
