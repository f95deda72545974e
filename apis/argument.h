// SPDX-License-Identifier: Apache-2.0
// What one word of a command line says, in 32 bits: what it looks like (apis/credential.h) and, for
// flags of the control plane's programs, what they are set to. The text itself is dropped (ADR
// 0005). Any thread.
#pragma once

#include "apis/credential.h"

enum argument_flag {
    ARG_NONE,
    ARG_SUDO, // no flag: the word, or a word inside it, is sudo

#define FLAG(ID, ...) ARG_##ID,
#include "apis/argument.def"
#undef FLAG
    ARG_FLAGS
};

enum {                // values of flags that take a text
    ARG_SET = 1,      // not empty
    ARG_TRUE = 2,     // true, or no value at all
    ARG_FALSE = 4,    // false
    ARG_LOOPBACK = 8, // 127.0.0.1 or ::1
};

enum { // names that lists may hold
    ARG_ALWAYS_ALLOW = 1,
    ARG_NODE = 2,
    ARG_RBAC = 4,
    ARG_EVENT_RATE_LIMIT = 8,
    ARG_ALWAYS_ADMIT = 16,
    ARG_ALWAYS_PULL_IMAGES = 32,
    ARG_SERVICE_ACCOUNT = 64,
    ARG_NAMESPACE_LIFECYCLE = 128,
    ARG_NODE_RESTRICTION = 256,
    ARG_DENY_EXTERNAL_IPS = 512,
    ARG_NO_SERVER_CERT_ROTATION = 1024, // RotateKubeletServerCertificate=false
    ARG_WEAK_CIPHER = 2048,             // a suite that is not one of the strong ones
};

struct argument_state {    // over the words of one command line; starts as { 0 }
    bool after_credential; // the word before was a credential-like flag without "="
    enum argument_flag after;
};

uint32_t argument_of(struct str word, struct argument_state *s);

static inline enum credential_class argument_class(int word)
{
    return (enum credential_class)((uint32_t)word & 0xff);
}

static inline enum argument_flag argument_flag(int word)
{
    return (enum argument_flag)((uint32_t)word >> 8 & 0xff);
}

// ARG_SET …, names, or a number of at most 65535, by the flag's kind.
static inline uint32_t argument_value(int word)
{
    return (uint32_t)word >> 16;
}
