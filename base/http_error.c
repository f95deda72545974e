// SPDX-License-Identifier: Apache-2.0
// CURLcode to enum err. Refused, unreachable, untrusted, slow and cut are five different remedies,
// so they are five classes or texts; what is left is a cut.
#include "base/http_error.h"

#include <errno.h>
#include <openssl/x509_vfy.h>

struct row {
    CURLcode code;
    enum err err;
    const char *text; // NULL: libcurl's words
};

static const struct row rows[] = {
    {CURLE_UNSUPPORTED_PROTOCOL,   ERR_IO,          "the answer is not HTTP"                       },
    { CURLE_URL_MALFORMAT,         ERR_INVALID,     "the URL is malformed"                         },
    { CURLE_COULDNT_RESOLVE_PROXY, ERR_UNAVAILABLE,
     "the proxy's name is unknown: check the proxy and DNS"                                        },
    { CURLE_COULDNT_RESOLVE_HOST,  ERR_UNAVAILABLE,
     "the host's name is unknown: check the address and DNS"                                       },
    { CURLE_COULDNT_CONNECT,       ERR_UNAVAILABLE,
     "cannot connect: check address, port and network policy"                                      },
    { CURLE_PROXY,                 ERR_UNAVAILABLE, "the proxy refused: check the proxy"           },
    { CURLE_OPERATION_TIMEDOUT,    ERR_TIMEOUT,     "no connection in time"                        },
    { CURLE_SSL_CONNECT_ERROR,     ERR_UNAVAILABLE, "the TLS handshake failed"                     },
    { CURLE_SSL_CERTPROBLEM,       ERR_UNAVAILABLE,
     "the client certificate cannot be used: check certificate and key"                            },
    { CURLE_SSL_CACERT_BADFILE,    ERR_UNAVAILABLE, "the CA cannot be read: check the CA"          },
    { CURLE_SSL_CIPHER,            ERR_UNAVAILABLE, "no common TLS cipher"                         },
    { CURLE_SSL_ISSUER_ERROR,      ERR_UNAVAILABLE, "certificate not trusted: check the CA"        },
    { CURLE_SSL_INVALIDCERTSTATUS, ERR_UNAVAILABLE, "certificate revoked"                          },
    { CURLE_TOO_MANY_REDIRECTS,    ERR_INVALID,     "redirects are not followed"                   },
    { CURLE_BAD_CONTENT_ENCODING,  ERR_IO,          "the answer cannot be decompressed"            },
    { CURLE_WRITE_ERROR,           ERR_IO,          "the answer cannot be decompressed"            }, // ours set c->fail
    { CURLE_SEND_FAIL_REWIND,      ERR_IO,
     "connection lost after the request was sent: its outcome is unknown"                          },
    { CURLE_GOT_NOTHING,           ERR_IO,          "connection closed without an answer"          },
    { CURLE_PARTIAL_FILE,          ERR_IO,          "connection closed in the middle of the answer"},
    { CURLE_RECV_ERROR,            ERR_IO,          "connection lost"                              },
    { CURLE_SEND_ERROR,            ERR_IO,          "connection lost"                              },
    { CURLE_HTTP2,                 ERR_IO,          "HTTP/2 connection failed"                     },
    { CURLE_HTTP2_STREAM,          ERR_IO,          "HTTP/2 stream reset"                          },
    { CURLE_WEIRD_SERVER_REPLY,    ERR_IO,          "the answer is not HTTP"                       },
    { CURLE_OUT_OF_MEMORY,         ERR_BUG,         "out of memory in libcurl"                     },
    { CURLE_BAD_FUNCTION_ARGUMENT, ERR_BUG,         NULL                                           },
};

static const char *untrusted(long verify_result)
{
    switch (verify_result) {
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED: // libcurl's initial value: OpenSSL did not object, the name did
                                 // not fit
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "certificate is for another name: check the address or set tls-server-name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "certificate expired: renew it, or check the clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "certificate not valid yet: check the clock";
    default:
        return "certificate not trusted: check the CA";
    }
}

static struct row row_of(const struct http_failure *f)
{
    struct row fallback = { f->code, ERR_IO, NULL };

    if (f->code == CURLE_PEER_FAILED_VERIFICATION)
        return (struct row){ f->code, ERR_UNAVAILABLE, untrusted(f->verify_result) };
    if (f->code == CURLE_COULDNT_CONNECT && f->os_errno == ECONNREFUSED)
        return (struct row){ f->code, ERR_REFUSED, "connection refused: nothing listens there" };
    if (f->os_errno == ETIMEDOUT)
        return (struct row){ f->code, ERR_TIMEOUT, "the peer does not answer any more" };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].code == f->code)
            return rows[i];
    return fallback;
}

int http_error(const struct http_failure *f, struct error *e)
{
    struct row r = row_of(f);
    const char *detail = f->detail[0] ? f->detail : curl_easy_strerror(f->code);

    if (!r.text)
        return error_set(e, r.err, "%s: %s", f->origin, detail);
    return error_set(e, r.err, "%s: %s (%s)", f->origin, r.text, detail);
}
