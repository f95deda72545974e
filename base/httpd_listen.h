// SPDX-License-Identifier: Apache-2.0
// The server's listening socket. Only httpd.c uses it.
#pragma once

#include "base/base.h"
#include "base/error.h"

// Opens, binds and listens; -1 with *e set (INVALID: not HOST:PORT).
int must_check httpd_listen(const char *listen_on, int *ret_fd, struct error *e);
int httpd_listen_port(int fd); // 0 if unknown
