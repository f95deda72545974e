// SPDX-License-Identifier: Apache-2.0
//
// main() for fuzz_x.c where there is no libFuzzer (gcc, sanitizer builds): feeds the entry the
// empty input and then every file, or every file of every folder, given as argument. So each
// corpus is a regression test in every build, and an input that once crashed stays covered.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;

static void die(const char *path)
{
    perror(path);
    exit(1);
}

// Copies into an allocation of the exact size, so that ASan sees a read past the end.
static void replay_bytes(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy) {
        die("malloc");
    }
    if (size) {
        memcpy(copy, data, size);
    }
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static void replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *data = malloc(size ? size : 1);

    if (!file || !data || fread(data, 1, size, file) != size) {
        die(path);
    }
    replay_bytes(data, size);
    free(data);
    fclose(file);
}

static void replay_folder(const char *path);

// One level of folders is enough for a corpus; what lies deeper is refused, not skipped.
static void replay_path(const char *path, int folders)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        die(path);
    }
    if (!S_ISDIR(st.st_mode)) {
        replay_file(path, (size_t)st.st_size);
        return;
    }
    if (!folders) {
        fprintf(stderr, "%s: a corpus folder holds files only\n", path);
        exit(1);
    }
    replay_folder(path);
}

static void replay_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);

    if (count < 0) {
        die(path);
    }
    for (int i = 0; i < count; i++) {
        char *file = NULL;

        if (entries[i]->d_name[0] != '.') {
            if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
                die(path);
            }
            replay_path(file, 0);
        }
        free(file);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    replay_bytes(NULL, 0);
    for (int i = 1; i < argc; i++) {
        replay_path(argv[i], 1);
    }
    printf("%zu inputs\n", inputs);
    return 0;
}
