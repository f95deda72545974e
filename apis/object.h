// SPDX-License-Identifier: Apache-2.0
// A cluster object as we keep it: one immutable block that holds the members described in the .def
// tables and nothing else. No absolute pointers inside the record; a Pod's spec is a second block,
// interned by content, shared by Pods of one template. Counted by the loop thread (counts are not
// atomic); the worker reads blocks of a frozen snapshot without touching counts.
#pragma once

#include "apis/kinds.h"
#include "base/atom.h"
#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/yaml.h"

struct shared_block; // an interned pod_spec record

struct object {
    uint32_t refs;
    uint32_t size;             // bytes of this block
    uint16_t kind;             // enum kind_id
    uint16_t flags;            // OBJECT_*
    atom ns;                   // 0 for cluster-scoped objects
    uint32_t name;             // offset of the name from the start of this block
    uint32_t line;             // of the document in its file; 0 when it came from the API server
    uint8_t uid[16];           // binary UUID; other uids are hashed into it (OBJECT_UID_HASHED)
    uint64_t rv;               // metadata.resourceVersion; 0 if absent
    struct shared_block *spec; // Pods: the interned spec, else NULL
    uint32_t record[];         // the packed record of the kind's root type
};

enum {
    OBJECT_UID_HASHED = 1,
    OBJECT_METADATA_ONLY = 2,
    OBJECT_NAMESPACE_IMPLIED = 4, // its manifest names no namespace; ns is the one it would get
};

// Only the metadata of an object whose kind is read whole: its spec is unknown, not empty.
static inline bool object_undecoded(const struct object *o)
{
    return (o->flags & OBJECT_METADATA_ONLY) && !kind_get((enum kind_id)o->kind)->metadata_only;
}

struct decode_options {
    bool strict; // our kinds and files: unknown members, duplicate keys and wrong types are errors
                 // with a JSON path
    bool validate; // limits, patterns, enumerations, required members (strict implies it)
    // A Pod whose spec is known to be the same: its block is taken over and the spec is not read
    // but for what is the Pod's own. NULL: none.
    const struct object *same_spec;
    struct spec_memo *memo; // of a list of Pods (apis/spec_memo.h): read and kept up. NULL: none
};

// Decodes one object. v needs metadata.name; kind and apiVersion are not looked at. e holds a JSON
// path ("spec.replicas: ...").
int must_check object_decode(const struct kind *k, json_val *v, struct decode_options o,
                             struct object **ret, struct error *e);
int must_check object_decode_yaml(const struct kind *k, const struct yaml_node *v,
                                  struct decode_options o, struct object **ret, struct error *e);

struct object *object_ref(struct object *o);
void object_unref(
    struct object *o); // NULL ok; frees the block and releases the interned spec at zero
#define autoobject __attribute__((cleanup(object_unrefp)))
void object_unrefp(struct object **o);

const char *object_name(const struct object *o);
const char *object_namespace(const struct object *o); // "" for cluster scope
const void *
object_record(const struct object *o); // root record; use the typed accessors of apis/types.h
// Is it a name of a volume with the account's token, of which the last part is generated?
#define OBJECT_API_ACCESS 15 // bytes of such a name that are not generated, without the dash
bool object_is_api_access(struct str name);
bool object_same_uid(const struct object *a, const struct object *b);
#define UID_TEXT_MAX 40
const char *object_uid_text(const struct object *o, char ret[UID_TEXT_MAX]);
size_t object_bytes(const struct object *o); // this block alone

struct writer;
// The object as it is kept: apiVersion, kind, metadata and the members of our rows. Whole for our
// kinds, a part of others.
void object_write(const struct object *o, struct writer *w);

size_t shared_blocks(void); // live interned specs
size_t shared_block_bytes(void);
const void *shared_block_record(const struct shared_block *s); // a pod_spec record
size_t shared_block_size(const struct shared_block *s);        // of its record; NULL: 0
uint32_t shared_block_id(
    const struct shared_block *s); // dense-ish number: results per spec block can be remembered
