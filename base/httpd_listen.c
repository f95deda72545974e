// SPDX-License-Identifier: Apache-2.0
// The listening socket is ours, not libwebsockets': so one place decides what an address may look
// like, an error has words, and accepting can be held back.
#include "base/httpd_listen.h"

#include "base/str.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG  16
#define HOST_MAX 256

struct address {
    char host[HOST_MAX]; // "": all addresses
    char port[8];
};

static int invalid(const char *listen_on, struct error *e)
{
    return error_set(e, ERR_INVALID, "listen address '%.64s' is not HOST:PORT or :PORT", listen_on);
}

static int address_parse(const char *s, struct address *ret, struct error *e)
{
    const char *colon = strrchr(s, ':');
    struct str host;
    int64_t port;

    if (!colon || str_i64(str_of(colon + 1), &port) < 0 || port < 0 || port > 65535)
        return invalid(s, e);
    host = (struct str){ s, (size_t)(colon - s) };
    if (host.n && host.p[0] == '[') {
        if (host.n < 3 || host.p[host.n - 1] != ']')
            return invalid(s, e);
        host = (struct str){ host.p + 1, host.n - 2 };
    } else if (memchr(s, ':', host.n)) {
        return invalid(s, e); // an IPv6 address needs its brackets
    }
    if (host.n >= HOST_MAX)
        return invalid(s, e);
    memcpy(ret->host, host.p, host.n);
    ret->host[host.n] = '\0';
    snprintf(ret->port, sizeof(ret->port), "%d", (int)port);
    return 0;
}

static int fail_close(int fd, const char *listen_on, const char *what, struct error *e)
{
    int errnum = errno;

    if (fd >= 0)
        close(fd);
    return error_errno(e, errnum, "listen on '%.64s': %s", listen_on, what);
}

static int open_one(const struct addrinfo *ai, const char *listen_on, int *ret_fd, struct error *e)
{
    int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, off = 0;

    if (fd < 0)
        return fail_close(fd, listen_on, "socket", e);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (ai->ai_family == AF_INET6) // "::" takes IPv4 as well
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0)
        return fail_close(fd, listen_on, "bind", e);
    if (listen(fd, BACKLOG) < 0)
        return fail_close(fd, listen_on, "listen", e);
    *ret_fd = fd;
    return 0;
}

static int open_any(const struct address *a, int family, const char *listen_on, int *ret_fd,
                    struct error *e)
{
    struct addrinfo hints = { .ai_family = family,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(a->host[0] ? a->host : NULL, a->port, &hints, &list);

    if (rc)
        return error_set(e, ERR_INVALID, "listen on '%.64s': %s", listen_on, gai_strerror(rc));
    rc = -1;
    for (const struct addrinfo *ai = list; ai && rc < 0; ai = ai->ai_next)
        rc = open_one(ai, listen_on, ret_fd, e);
    freeaddrinfo(list);
    return rc;
}

int httpd_listen(const char *listen_on, int *ret_fd, struct error *e)
{
    struct address a = { 0 };

    if (address_parse(listen_on, &a, e) < 0)
        return -1;
    // Nodes without IPv6 exist.
    if (!a.host[0] && open_any(&a, AF_INET6, listen_on, ret_fd, NULL) == 0)
        return 0;
    return open_any(&a, a.host[0] ? AF_UNSPEC : AF_INET, listen_on, ret_fd, e);
}

int httpd_listen_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = { 0 };

    socklen_t n = sizeof(a);

    if (getsockname(fd, &a.any, &n) < 0)
        return 0;
    return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}
