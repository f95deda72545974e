// SPDX-License-Identifier: Apache-2.0
// The two cleanups behind autofree and autoclose. They are functions, not macros, because the
// cleanup attribute hands over the variable's address, and so each name can be searched for.
#include "base/base.h"

#include <errno.h>
#include <unistd.h>

void autofree_free(void *pp)
{
    free(*(void **)pp);
}

void autoclose_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd); // EINTR on Linux still closes: never again
    errno = saved;
}
