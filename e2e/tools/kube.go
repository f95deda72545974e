// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"sigs.k8s.io/yaml"
)

// kubeClient talks to the API server of one kubeconfig with its client certificate. It knows just
// what cluster.sh writes: embedded data, one context.
type kubeClient struct {
	server      string
	contentType string
	http        *http.Client
}

type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string `json:"server"`
			CA     []byte `json:"certificate-authority-data"`
		} `json:"cluster"`
	} `json:"clusters"`
	Users []struct {
		User struct {
			Cert []byte `json:"client-certificate-data"`
			Key  []byte `json:"client-key-data"`
		} `json:"user"`
	} `json:"users"`
}

func newKubeClient(path string, connections int) (*kubeClient, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var config kubeconfig
	if err := yaml.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(config.Clusters) != 1 || len(config.Users) != 1 {
		return nil, fmt.Errorf("%s: wants one cluster and one user", path)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(config.Clusters[0].Cluster.CA) {
		return nil, errors.New("no CA certificate in " + path)
	}
	pair, err := tls.X509KeyPair(config.Users[0].User.Cert, config.Users[0].User.Key)
	if err != nil {
		return nil, err
	}
	return &kubeClient{
		server:      config.Clusters[0].Cluster.Server,
		contentType: "application/json",
		http: &http.Client{Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
			MaxIdleConnsPerHost: connections,
		}},
	}, nil
}

// answerError is an answer of the API server that is no success.
type answerError struct {
	code int
	text string
}

func (e *answerError) Error() string { return e.text }

func isNotFound(err error) bool {
	var answer *answerError
	return errors.As(err, &answer) && answer.code == http.StatusNotFound
}

// do sends body (nil: none) as JSON and decodes the answer into result (nil: thrown away).
func (k *kubeClient) do(method, path string, body, result any) error {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, k.server+path, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", k.contentType)
	response, err := k.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return &answerError{response.StatusCode, fmt.Sprintf("%s %s: %s: %.300s", method, path, response.Status, text)}
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(text, result)
}
