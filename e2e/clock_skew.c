// SPDX-License-Identifier: Apache-2.0
//
// For LD_PRELOAD: the wall clock of one process is CLOCK_SKEW seconds off, as on a machine without
// time synchronisation, or as many as the file CLOCK_SKEW_FILE says at each moment: written anew, the
// clock jumps. Clocks that count from the start of the machine stay true.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t skew_of_file(const char *path)
{
    char text[32] = { 0 };
    int saved = errno, fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        if (read(fd, text, sizeof(text) - 1) < 0)
            text[0] = 0;
        close(fd);
    }
    errno = saved;
    return atol(text);
}

static time_t skew(void)
{
    const char *text = getenv("CLOCK_SKEW"), *file = getenv("CLOCK_SKEW_FILE");

    return file ? skew_of_file(file) : text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, ret);

    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret->tv_sec += skew();
    return rc;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    *ret = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}
