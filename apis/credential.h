// SPDX-License-Identifier: Apache-2.0
// What a text looks like that may hold a credential. Texts of environment variables, arguments and
// ConfigMaps are classified when they are decoded and then dropped: nothing below this line ever
// holds one (catalogue: security/hardcoded-credential-env, security/credential-in-configmap,
// security/credential-in-args).
#pragma once

#include "base/base.h"
#include "base/str.h"

enum credential_class {
    CREDENTIAL_ABSENT = 0,
    CREDENTIAL_NONE, // empty, a path, a bool, a number, a URL without userinfo, an expansion
                     // $(VAR): harmless under any name
    CREDENTIAL_TEXT, // other text: a credential if its name says so (credential_name)
    CREDENTIAL_NAMED, // text that names one itself: a line "password: …", an argument "--token=…"
                      // or the word after it
    CREDENTIAL_USERINFO,   // scheme://user:password@host
    CREDENTIAL_AWS_KEY,    // AKIA… or ASIA…
    CREDENTIAL_GITHUB,     // ghp_…, gho_…, ghs_…, github_pat_…
    CREDENTIAL_SLACK,      // xoxb-…, xoxp-…
    CREDENTIAL_JWT,        // eyJ….eyJ….…
    CREDENTIAL_PEM,        // a PEM private key
    CREDENTIAL_KUBECONFIG, // client-key-data or a user's token
    CREDENTIAL_DOCKER,     // registry log-ins
    CREDENTIAL_CLASSES
};

// True for classes that a format alone proves.
static inline bool credential_by_format(enum credential_class c)
{
    return c >= CREDENTIAL_USERINFO;
}

const char *credential_text(enum credential_class c); // for people: "a GitHub token"
bool credential_name(
    struct str name); // password, token, api-key …, and no _FILE, _URL … at the end
enum credential_class credential_of_value(struct str value); // an environment variable's literal
enum credential_class
credential_of_document(struct str text); // a ConfigMap's value: every line is looked at
// One word of a command line; *after_flag carries over that the word before was a credential-like
// flag without "=".
enum credential_class credential_of_arg(struct str arg, bool *after_flag);
