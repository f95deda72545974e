// SPDX-License-Identifier: Apache-2.0
// The process_* metrics that every Prometheus client library exports, from /proc. A file that
// cannot be read leaves its metrics out: a missing number is better than a wrong one.
#include "base/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

// Reads the beginning of a small file as text.
static bool read_file(const char *path, char *ret, size_t size)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

    if (n <= 0)
        return false;
    ret[n] = '\0';
    return true;
}

// Field number `want` of /proc/self/stat, counted from 1; the second, the name in brackets, may
// hold blanks.
static double stat_field(const char *stat, int want)
{
    const char *at = strrchr(stat, ')');

    for (int field = 2; at && field < want; field++)
        at = strchr(at + 1, ' ');
    return at ? strtod(at + 1, NULL) : 0;
}

// When the machine started, in seconds since the epoch; 0 if unknown.
static double boot_time(void)
{
    double ret = 0;
    char line[256];
    FILE *f = fopen("/proc/stat", "re");

    while (f && fgets(line, sizeof(line), f))
        if (str_starts(line, "btime "))
            ret = strtod(line + 6, NULL);
    if (f)
        fclose(f);
    return ret;
}

static void count_descriptors(void)
{
    struct rlimit limit;
    double n = 0;
    DIR *dir = opendir("/proc/self/fd");

    if (dir) {
        // Only this thread uses this stream.
        while (readdir(dir)) // NOLINT(concurrency-mt-unsafe)
            n++;
        closedir(dir);
        metric_set(METRIC_PROCESS_OPEN_FDS, n - 3); // ".", ".." and the folder itself
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metric_set(METRIC_PROCESS_MAX_FDS, (double)limit.rlim_cur);
}

void metrics_update_process(void)
{
    double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
    double boot;
    char stat[1024];

    count_descriptors();
    if (!read_file("/proc/self/stat", stat, sizeof(stat)))
        return;
    metric_set(METRIC_PROCESS_CPU_SECONDS_TOTAL,
               (stat_field(stat, 14) + stat_field(stat, 15)) / ticks);
    metric_set(METRIC_PROCESS_VIRTUAL_MEMORY_BYTES, stat_field(stat, 23));
    metric_set(METRIC_PROCESS_RESIDENT_MEMORY_BYTES, stat_field(stat, 24) * page);
    // The start time never changes, and /proc/stat is long on machines with many interrupts.
    boot = metric_value(METRIC_PROCESS_START_TIME_SECONDS) > 0 ? 0 : boot_time();
    if (boot > 0)
        metric_set(METRIC_PROCESS_START_TIME_SECONDS, boot + stat_field(stat, 22) / ticks);
}
