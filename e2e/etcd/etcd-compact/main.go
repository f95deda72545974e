// SPDX-License-Identifier: Apache-2.0

// Command etcd-compact throws away the whole history of an etcd: afterwards every watch that asks
// for an older revision gets "compacted", which the API server turns into 410 Gone.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func compact(endpoint string) (int64, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{endpoint},
		DialTimeout: 5 * time.Second,
	})
	if err != nil {
		return 0, err
	}
	defer client.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// Any read tells the current revision in its header.
	head, err := client.Get(ctx, "/registry/none")
	if err != nil {
		return 0, err
	}
	_, err = client.Compact(ctx, head.Header.Revision, clientv3.WithCompactPhysical())
	return head.Header.Revision, err
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: etcd-compact http://HOST:PORT")
		os.Exit(2)
	}
	revision, err := compact(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd-compact:", err)
		os.Exit(1)
	}
	fmt.Println("compacted at revision", revision)
}
