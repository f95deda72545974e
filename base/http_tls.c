// SPDX-License-Identifier: Apache-2.0
// TLS material. libcurl reads PEM from files or from memory; OpenSSL checks it beforehand, for what
// libcurl says of a broken one ("error 58") helps nobody.
#include "base/http_tls.h"

#include "base/alloc.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

// A Secret or kubeconfig holds a few kB; this only ends nonsense early.
#define PEM_MAX ((size_t)4 * 1024 * 1024)

static bool is_set(const char *file, struct str data)
{
    return data.p || file;
}

static BIO *open_pem(const char *what, const char *file, struct str data, struct error *e)
{
    BIO *bio;

    if (data.n > PEM_MAX) {
        error_set(e, ERR_INVALID, "%s: longer than %zu bytes", what, PEM_MAX);
        return NULL;
    }
    bio = data.p ? BIO_new_mem_buf(data.p, (int)data.n) : BIO_new_file(file, "r");
    if (!bio && data.p)
        error_set(e, ERR_INVALID, "%s: cannot be read", what);
    else if (!bio)
        error_errno(e, errno, "%s: open '%s'", what, file);
    ERR_clear_error();
    return bio;
}

static int no_password(char *buf, int size, int for_writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)for_writing;
    (void)arg;
    return -1; // libcurl would ask on the terminal
}

static X509 *read_cert(const char *what, const char *file, struct str data, struct error *e)
{
    BIO *bio = open_pem(what, file, data, e);
    X509 *x;

    if (!bio)
        return NULL;
    x = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (!x)
        error_set(e, ERR_INVALID, "%s: no PEM certificate in it", what);
    return x;
}

static EVP_PKEY *read_key(const struct http_tls *tls, struct error *e)
{
    BIO *bio = open_pem("client key", tls->key_file, tls->key_data, e);
    EVP_PKEY *k;

    if (!bio)
        return NULL;
    k = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (!k)
        error_set(e, ERR_INVALID, "client key: no PEM private key without a password in it");
    return k;
}

static int check_pair(const struct http_tls *tls, struct error *e)
{
    X509 *cert = read_cert("client certificate", tls->cert_file, tls->cert_data, e);
    EVP_PKEY *key = cert ? read_key(tls, e) : NULL;
    bool fits = cert && key && X509_check_private_key(cert, key) == 1;

    if (cert && key && !fits)
        error_set(e, ERR_INVALID, "client key: it is not the key of the client certificate");
    EVP_PKEY_free(key);
    X509_free(cert);
    ERR_clear_error();
    return fits ? 0 : -1;
}

int http_tls_check(const struct http_tls *tls, struct error *e)
{
    bool cert = is_set(tls->cert_file, tls->cert_data), key = is_set(tls->key_file, tls->key_data);
    X509 *ca;

    if (cert != key)
        return error_set(e, ERR_INVALID, "client %s without a client %s",
                         cert ? "certificate" : "key", cert ? "key" : "certificate");
    if (cert && check_pair(tls, e) < 0)
        return -1;
    if (!is_set(tls->ca_file, tls->ca_data) || tls->insecure)
        return 0;
    ca = read_cert("certificate authority", tls->ca_file, tls->ca_data, e);
    X509_free(ca);
    return ca ? 0 : -1;
}

static struct str copy(struct str s)
{
    return (struct str){ s.p ? xstrndup(s.p, s.n) : NULL, s.n };
}

struct http_tls http_tls_copy(const struct http_tls *tls)
{
    return (struct http_tls){
        .ca_file = xstrdup(tls->ca_file),
        .ca_data = copy(tls->ca_data),
        .cert_file = xstrdup(tls->cert_file),
        .key_file = xstrdup(tls->key_file),
        .cert_data = copy(tls->cert_data),
        .key_data = copy(tls->key_data),
        .server_name = xstrdup(tls->server_name),
        .insecure = tls->insecure,
    };
}

void http_tls_fini(struct http_tls *tls)
{
    if (tls->key_data.p)
        OPENSSL_cleanse((char *)tls->key_data.p, tls->key_data.n);
    free((char *)tls->ca_file);
    free((char *)tls->ca_data.p);
    free((char *)tls->cert_file);
    free((char *)tls->key_file);
    free((char *)tls->cert_data.p);
    free((char *)tls->key_data.p);
    free((char *)tls->server_name);
    *tls = (struct http_tls){ 0 };
}

static void set_pem(CURL *easy, CURLoption blob_opt, CURLoption file_opt, const char *file,
                    struct str data)
{
    struct curl_blob blob = { (void *)data.p, data.n, CURL_BLOB_NOCOPY };

    if (data.p)
        curl_easy_setopt(easy, blob_opt, &blob);
    else if (file)
        curl_easy_setopt(easy, file_opt, file);
}

void http_tls_apply(const struct http_tls *tls, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (tls->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (is_set(tls->ca_file, tls->ca_data)) {
        // Else libcurl's built-in directory of public authorities stays trusted beside ours.
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        set_pem(easy, CURLOPT_CAINFO_BLOB, CURLOPT_CAINFO, tls->ca_file, tls->ca_data);
    }
    curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""); // or a key with a password asks on the terminal
    set_pem(easy, CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERT, tls->cert_file, tls->cert_data);
    set_pem(easy, CURLOPT_SSLKEY_BLOB, CURLOPT_SSLKEY, tls->key_file, tls->key_data);
}
