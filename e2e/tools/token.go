// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

const issuer = "https://kubernetes.default.svc"

func readKey(path string) (*ecdsa.PrivateKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "EC PRIVATE KEY" {
			return x509.ParseECPrivateKey(block.Bytes)
		}
	}
	return nil, errors.New("no EC private key in " + path)
}

// sign makes a token like those of the TokenRequest API, which refuses lifetimes below ten minutes:
// tests need tokens that have expired, or are about to.
func sign(key *ecdsa.PrivateKey, claims map[string]any) (string, error) {
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", err
	}
	// The API server derives the key id from the public key in this way.
	sum := sha256.Sum256(public)
	encode := base64.RawURLEncoding.EncodeToString
	header, err := json.Marshal(map[string]string{"alg": "ES256", "kid": encode(sum[:])})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := encode(header) + "." + encode(body)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + encode(signature), nil
}

func runToken(args []string) error {
	flags := flag.NewFlagSet("token", flag.ExitOnError)
	keyFile := flags.String("key", "", "private key of the ServiceAccount issuer")
	namespace := flags.String("namespace", "", "")
	name := flags.String("name", "", "")
	uid := flags.String("uid", "", "uid of the ServiceAccount")
	expires := flags.Duration("expires", time.Hour, "from now on; negative: has expired")
	if err := flags.Parse(args); err != nil {
		return err
	}
	key, err := readKey(*keyFile)
	if err != nil {
		return err
	}
	now := time.Now()
	end := now.Add(*expires)
	begin := now.Add(-time.Second)
	if end.Before(begin) {
		begin = end.Add(-time.Hour)
	}
	token, err := sign(key, map[string]any{
		"iss": issuer, "aud": []string{issuer},
		"sub": "system:serviceaccount:" + *namespace + ":" + *name,
		"iat": begin.Unix(), "nbf": begin.Unix(), "exp": end.Unix(),
		"kubernetes.io": map[string]any{
			"namespace":      *namespace,
			"serviceaccount": map[string]string{"name": *name, "uid": *uid},
		},
	})
	if err != nil {
		return err
	}
	fmt.Print(token)
	return nil
}
