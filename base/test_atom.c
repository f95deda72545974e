// SPDX-License-Identifier: Apache-2.0
#include "base/atom.h"
#include "base/test.h"
#include <pthread.h>

static void equal_strings_are_one_atom(void **state unused_arg)
{
    atom a = atom_of("kube-system"), b = atom_intern("kube-system-2", 11);
    size_t n = atom_count();

    assert_int_equal(a, b);
    assert_int_not_equal(a, atom_of("kube-public"));
    assert_int_equal(atom_count(), n + 1);
    assert_string_equal(atom_str(a), "kube-system");
    assert_true(str_eq(atom_view(a), "kube-system"));
}

static void no_string_is_zero(void **state unused_arg)
{
    assert_int_equal(atom_of(NULL), 0);
    assert_int_equal(atom_of(""), 0);
    assert_int_equal(atom_intern("x", 0), 0);
    assert_int_equal(atom_find("", 0), 0);
    assert_string_equal(atom_str(0), "");
    assert_int_equal(atom_view(0).n, 0);
}

static void find_does_not_intern(void **state unused_arg)
{
    size_t n = atom_count();

    assert_int_equal(atom_find("never seen", 10), 0);
    assert_int_equal(atom_count(), n);
    assert_int_equal(atom_find("node-a", 6), 0);
    n = atom_of("node-a");
    assert_int_equal(atom_find("node-a", 6), n);
}

static void text_never_moves_however_many_follow(void **state unused_arg)
{
    const char *first = atom_str(atom_of("first"));
    atom atoms[3000];
    char name[32];

    for (size_t i = 0; i < ARRAY_SIZE(atoms); i++) {
        snprintf(name, sizeof(name), "label-%zu", i);
        atoms[i] = atom_of(name);
    }
    for (size_t i = 0; i < ARRAY_SIZE(atoms); i++) {
        snprintf(name, sizeof(name), "label-%zu", i);
        assert_string_equal(atom_str(atoms[i]), name);
        assert_int_equal(atom_of(name), atoms[i]);
    }
    assert_ptr_equal(atom_str(atom_of("first")), first);
    assert_true(atom_bytes() > 3000 * 16);
}

static void long_texts_are_kept_whole(void **state unused_arg)
{
    static char text[100001];
    atom a;

    memset(text, 'n', sizeof(text) - 1);
    a = atom_of(text);
    assert_int_equal(atom_view(a).n, sizeof(text) - 1);
    assert_string_equal(atom_str(a), text);
    assert_string_equal(atom_str(atom_of("short after long")), "short after long");
}

// One thread interns and hands atoms over; another reads them while the first goes on.
// ThreadSanitizer is the judge.
struct hand_over {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atom atoms[4000];
    size_t n, read;
};

static void *read_atoms(void *arg)
{
    struct hand_over *h = arg;
    char want[32];

    for (size_t i = 0; i < ARRAY_SIZE(h->atoms); i++) {
        pthread_mutex_lock(&h->lock);
        while (h->n <= i)
            pthread_cond_wait(&h->changed, &h->lock);
        atom a = h->atoms[i];
        pthread_mutex_unlock(&h->lock);
        snprintf(want, sizeof(want), "handed-%zu", i);
        if (strcmp(atom_str(a), want) != 0 || atom_view(a).n != strlen(want))
            break;
        h->read++;
    }
    return NULL;
}

static void another_thread_reads_while_the_loop_interns(void **state unused_arg)
{
    static struct hand_over h = { .lock = PTHREAD_MUTEX_INITIALIZER,
                                  .changed = PTHREAD_COND_INITIALIZER };
    pthread_t reader;
    char name[32];

    assert_int_equal(pthread_create(&reader, NULL, read_atoms, &h), 0);
    for (size_t i = 0; i < ARRAY_SIZE(h.atoms); i++) {
        snprintf(name, sizeof(name), "handed-%zu", i);
        atom a = atom_of(name);

        pthread_mutex_lock(&h.lock);
        h.atoms[h.n++] = a;
        pthread_cond_signal(&h.changed);
        pthread_mutex_unlock(&h.lock);
    }
    assert_int_equal(pthread_join(reader, NULL), 0);
    assert_int_equal(h.read, ARRAY_SIZE(h.atoms));
}

#define SHARED 2000

static void *intern_the_same(void *arg)
{
    atom *got = arg;
    char name[32];

    for (size_t i = 0; i < SHARED; i++) {
        snprintf(name, sizeof(name), "shared-%zu", i);
        got[i] = atom_of(name);
        if (atom_find(name, strlen(name)) != got[i] || strcmp(atom_str(got[i]), name) != 0)
            got[i] = 0;
    }
    return NULL;
}

static void threads_that_share_the_table_get_the_same_atoms(void **state unused_arg)
{
    static atom got[3][SHARED];
    pthread_t threads[2];
    size_t n = atom_count();

    atom_share(true);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, intern_the_same, got[i]), 0);
    intern_the_same(got[2]);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    atom_share(false);
    assert_int_equal(atom_count(), n + SHARED);
    assert_memory_equal(got[0], got[1], sizeof(got[0]));
    assert_memory_equal(got[0], got[2], sizeof(got[0]));
    assert_int_not_equal(got[0][SHARED - 1], 0);
}

RUN(T(equal_strings_are_one_atom), T(no_string_is_zero), T(find_does_not_intern),
    T(text_never_moves_however_many_follow), T(long_texts_are_kept_whole),
    T(another_thread_reads_while_the_loop_interns),
    T(threads_that_share_the_table_get_the_same_atoms))
