// The Pod Security Admission's fixtures, which controller/checks/test_pss_oracle.c judges. Nothing
// here is compiled: the module is fetched for its test/testdata (cmake/pss.sh).
module kube9.io/pss

go 1.24

require k8s.io/pod-security-admission v0.37.2
