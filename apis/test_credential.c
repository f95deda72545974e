// SPDX-License-Identifier: Apache-2.0
#include "apis/credential.h"
#include "base/test.h"

struct sample {
    const char *text;
    enum credential_class want;
};

static void values_are_told_by_their_format(void **state unused_arg)
{
    // Token texts are put together here so that no scanner takes this file for a leak.
    const struct sample samples[] = {
        {"",                                                                               CREDENTIAL_NONE    },
        { "true",                                                                          CREDENTIAL_NONE    },
        { "8080",                                                                          CREDENTIAL_NONE    },
        { "30s",                                                                           CREDENTIAL_NONE    },
        { "/etc/secret/token",                                                             CREDENTIAL_NONE    },
        { "$(DB_PASSWORD)",                                                                CREDENTIAL_NONE    },
        { "http://service:8080/path",                                                      CREDENTIAL_NONE    },
        { "hunter2",                                                                       CREDENTIAL_TEXT    },
        { "postgres://user:hunter2@db:5432/x",                                             CREDENTIAL_USERINFO},
        { "postgres://user:$(PASSWORD)@db/x",                                              CREDENTIAL_NONE    },
        { "postgres://user@db/x",                                                          CREDENTIAL_NONE    },
        { "http://host/a:b@c",                                                             CREDENTIAL_NONE    },
        { "AKIA"
          "IOSFODNN7EXAMPLE",                                                     CREDENTIAL_AWS_KEY },
        { "AKIA-short",                                                                    CREDENTIAL_TEXT    },
        { "ghp_"
          "0123456789abcdefghijABCDEFGHIJ012345",                                 CREDENTIAL_GITHUB  },
        { "xoxb-"
          "123456789012-abcdef",                                                  CREDENTIAL_SLACK   },
        { "eyJ"
          "hbGciOiJIUzI1NiJ9.eyJ"
          "zdWIiOiIxIn0.c2lnbmF0dXJl",                                            CREDENTIAL_JWT     },
        { "eyJhbGciOiJIUzI1NiJ9",                                                          CREDENTIAL_TEXT    },
        { "-----BEGIN RSA "
          "PRIVATE KEY-----\nMIIEabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ", CREDENTIAL_PEM     },
        { "-----BEGIN CERTIFICATE-----\nMIIEabcdefghijkl",                                 CREDENTIAL_TEXT    },
    };
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        enum credential_class c = credential_of_value(str_of(samples[i].text));
        if (c != samples[i].want)
            fail_msg("sample %zu: %s, expected %s", i, credential_text(c),
                     credential_text(samples[i].want));
    }
}

static void names_are_told_by_whole_words(void **state unused_arg)
{
    static const char *const yes[] = { "PASSWORD",          "DB_PASSWORD", "dbPassword",
                                       "mysqlRootPassword", "API_KEY",     "apiKey",
                                       "API-KEY",           "APIKEY",      "AWS_SECRET_ACCESS_KEY",
                                       "GITHUB_TOKEN",      "githubToken", "client-secret",
                                       "PRIVATE_KEY",       "passwd",      "CREDENTIALS",
                                       "DB2_PASSWORD",      "dbpassword" };
    static const char *const no[] = { "",           "PASSWORD_FILE",
                                      "TOKEN_PATH", "SECRET_NAME",
                                      "TOKEN_URL",  "PASSWORD_LENGTH",
                                      "TOKEN_TTL",  "AUTH_TOKEN_ENABLED",
                                      "TOKENIZER",  "MONKEY",
                                      "KEY",        "PUBLIC_KEY",
                                      "secretary",  "HOME" };
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
        if (!credential_name(str_of(yes[i])))
            fail_msg("%s was not taken for a credential", yes[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
        if (credential_name(str_of(no[i])))
            fail_msg("%s was taken for a credential", no[i]);
    }
}

static void documents_are_looked_at_line_by_line(void **state unused_arg)
{
    const struct sample samples[] = {
        {"a: b\ndatabase:\n  password: hunter2hunter2\n",                                  CREDENTIAL_NAMED     },
        { "spring.datasource.password=hunter2",                                            CREDENTIAL_NAMED     },
        { "  \"apiKey\": \"abcdef123\",",                                                  CREDENTIAL_NAMED     },
        { "password: ${DB_PASSWORD}",                                                      CREDENTIAL_TEXT      },
        { "# password: hunter2",                                                           CREDENTIAL_TEXT      },
        { "passwordFile: /etc/x",                                                          CREDENTIAL_TEXT      },
        { "password: the one you were given",                                              CREDENTIAL_TEXT      },
        { "token: true",                                                                   CREDENTIAL_TEXT      },
        { "x\nurl=postgres://u:hunter2@db/x\n",                                            CREDENTIAL_USERINFO  },
        { "deep in text "
          "AKIA"
          "IOSFODNN7EXAMPLE end",                                                 CREDENTIAL_AWS_KEY   },
        { "kind: Config\nusers:\n- user:\n    token: abc\n",                               CREDENTIAL_KUBECONFIG},
        { "{\"auths\":{\"r\":{\"auth\":\"YTpi\"}}}",                                       CREDENTIAL_DOCKER    },
        { "x\n-----BEGIN "
          "PRIVATE KEY-----\nMIIEabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ", CREDENTIAL_PEM       },
        { "42",                                                                            CREDENTIAL_NONE      },
    };
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        enum credential_class c = credential_of_document(str_of(samples[i].text));
        if (c != samples[i].want)
            fail_msg("sample %zu: %s, expected %s", i, credential_text(c),
                     credential_text(samples[i].want));
    }
}

static void words_of_a_command_line_know_the_flag_before(void **state unused_arg)
{
    const struct sample line[] = {
        {"server",                          CREDENTIAL_TEXT    },
        { "--password=hunter2",             CREDENTIAL_NAMED   },
        { "--password=$(PASSWORD)",         CREDENTIAL_NONE    },
        { "--token",                        CREDENTIAL_NONE    },
        { "abcdef",                         CREDENTIAL_NAMED   },
        { "abcdef",                         CREDENTIAL_TEXT    },
        { "--token-file",                   CREDENTIAL_NONE    },
        { "abcdef",                         CREDENTIAL_TEXT    },
        { "--db=postgres://u:hunter2@db/x", CREDENTIAL_USERINFO},
        { "--secret",                       CREDENTIAL_NONE    },
        { "--verbose",                      CREDENTIAL_NONE    },
    };
    bool after = false;
    for (size_t i = 0; i < ARRAY_SIZE(line); i++) {
        enum credential_class c = credential_of_arg(str_of(line[i].text), &after);
        if (c != line[i].want)
            fail_msg("word %zu: %s, expected %s", i, credential_text(c),
                     credential_text(line[i].want));
    }
}

RUN(T(values_are_told_by_their_format), T(names_are_told_by_whole_words),
    T(documents_are_looked_at_line_by_line), T(words_of_a_command_line_know_the_flag_before))
