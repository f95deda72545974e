// SPDX-License-Identifier: Apache-2.0
// Texts made from the command table: help, manual pages and docs/cli.md.
#pragma once

#include "base/base.h"
#include "base/str.h"

struct command;

void help_all(struct buf *out);                      // the program
void help_group(const char *group, struct buf *out); // "query runs"
void help_command(const struct command *c, struct buf *out);
void help_markdown(struct buf *out);   // docs/cli.md
void help_man(struct buf *out);        // docs/kube9-operator.1
void help_man_plugin(struct buf *out); // docs/kubectl-kube9.1
