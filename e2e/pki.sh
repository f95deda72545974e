# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# pki.sh (sourced, with $dir the cluster's folder): its certificates and kubeconfigs.
# shellcheck disable=SC2154 # that folder is named by who sources it

# NAME SUBJECT [EXTENSIONS]: a P-256 key and a certificate signed by the cluster's CA.
make_cert() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/pki/$1.key"
	openssl req -new -key "$dir/pki/$1.key" -subj "$2" -out "$dir/pki/$1.csr"
	openssl x509 -req -in "$dir/pki/$1.csr" -CA "$dir/pki/ca.crt" -CAkey "$dir/pki/ca.key" \
		-CAcreateserial -days 3650 -extfile <(printf '%s\n' "${3:-}") \
		-out "$dir/pki/$1.crt" 2>/dev/null
	rm -f "$dir/pki/$1.csr"
}

# ADDRESS: what the control plane needs, once. 10.96.0.1 is the Service `kubernetes`.
make_pki() {
	[[ ! -f $dir/pki/done ]] || return 0
	mkdir -p "$dir/pki"
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/pki/ca.key"
	openssl req -x509 -new -key "$dir/pki/ca.key" -subj "/CN=kube9-e2e-ca" -days 3650 \
		-out "$dir/pki/ca.crt"
	make_cert server "/CN=kube-apiserver" \
		"subjectAltName=DNS:localhost,IP:127.0.0.1,IP:10.96.0.1,IP:$1"
	make_cert admin "/O=system:masters/CN=admin" "extendedKeyUsage=clientAuth"
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/pki/sa.key"
	openssl ec -in "$dir/pki/sa.key" -pubout -out "$dir/pki/sa.pub" 2>/dev/null
	touch "$dir/pki/done"
}

# FILE NAME URL: a kubeconfig for who holds the certificate NAME.
make_kubeconfig() {
	cat >"$1.new" <<CONFIG
apiVersion: v1
kind: Config
clusters:
  - name: local
    cluster:
      server: $3
      certificate-authority-data: $(base64 -w0 "$dir/pki/ca.crt")
users:
  - name: $2
    user:
      client-certificate-data: $(base64 -w0 "$dir/pki/$2.crt")
      client-key-data: $(base64 -w0 "$dir/pki/$2.key")
contexts:
  - name: local
    context: {cluster: local, user: $2}
current-context: local
CONFIG
	mv "$1.new" "$1"
}
