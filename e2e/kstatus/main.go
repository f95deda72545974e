// SPDX-License-Identifier: Apache-2.0

// kstatus reads objects as JSON, one after the other, from stdin and prints for each its kind, name
// and the status that kstatus computes: what kubectl apply --prune, Flux and others wait for.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func run() error {
	in := json.NewDecoder(os.Stdin)
	for {
		// As client-go decodes: whole numbers are int64.
		var raw json.RawMessage
		if err := in.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(raw); err != nil {
			return err
		}
		result, err := status.Compute(object)
		if err != nil {
			return err
		}
		fmt.Println(object.GetKind(), object.GetName(), result.Status)
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}
