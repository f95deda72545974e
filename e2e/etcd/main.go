// SPDX-License-Identifier: Apache-2.0

// Command etcd is the etcd server of the pinned module version, nothing added: the e2e control
// plane builds it from the Go module proxy because no package archive carries this release.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
