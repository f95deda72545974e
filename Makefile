# SPDX-License-Identifier: Apache-2.0
#
# A thin front for CMake and the scripts; `make` alone prints what there is. CMake presets do the
# same without make: cmake --preset dev && cmake --build --preset dev && ctest --preset dev.

PRESET ?= dev
PROGRAM = $(CURDIR)/build/$(PRESET)/kube9-operator

.DEFAULT_GOAL := help
# Every target with a help text.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\#.*/\1/p' Makefile)

help: ## print this list
	@echo 'kube9-operator: make TARGET [PRESET=dev|dev-clang|asan|tsan|release]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r t d; do printf '  %-11s %s\n' "$$t" "$$d"; done

deps: ## install what the build and the tests need (Debian packages)
	@cmake/deps.sh

build: deps ## build build/$(PRESET)/kube9-operator
	@cmake/build.sh $(PRESET)

image: deps ## pack the release build as build/image/kube9-operator.tar (OCI and docker-archive)
	@cmake/build.sh release kube9-operator
	@deploy/image/image.sh build/release/kube9-operator

run: deps ## start a local control plane and the operator in .run/ (DETACH=1 leaves them running)
	@cmake/build.sh $(PRESET) kube9-operator
	@OPERATOR=$(PROGRAM) DETACH=$(DETACH) e2e/run-local.sh

stop: ## end what make run DETACH=1 started
	@e2e/stop-local.sh

test: ## everything: compilers, sanitizers, lint, fuzz, end to end on both Kubernetes versions
	@cmake/test.sh

test-node: deps ## the image and the chart on a real kubelet, from helm install to uninstall (root, cgroup v1)
	@cmake/test.sh node

test-fast: ## build, unit and component tests: the inner loop
	@cmake/test.sh fast

bench: deps ## measure a release build against the budgets
	@cmake/build.sh release
	@OPERATOR=$(CURDIR)/build/release/kube9-operator e2e/bench.sh; status=$$?; \
	OPERATOR=$(CURDIR)/build/release/kube9-operator e2e/bench_assess.sh && exit $$status

bench-assess: deps ## assess of 2,000 manifests and of 10k Pods, beside kube-score and popeye (RUNS, PODS)
	@cmake/build.sh release kube9-operator
	@OPERATOR=$(CURDIR)/build/release/kube9-operator e2e/bench_assess.sh

leader: deps ## leader election at full size: ROUNDS (5) hand-overs of each kind, all states of the model
	@cmake/build.sh dev kube9-operator
	@ROUNDS=$${ROUNDS:-5} MINUTES=5 e2e/run.sh --version v1.36 leader
	@ROUNDS=$${ROUNDS:-5} MINUTES=5 e2e/run.sh --version v1.30 leader
	@MODEL_FULL=1 cmake/check_lease_model.sh
bench-peers: deps ## the same work done by client-go and by our library, side by side (PODS, RUNS, RATE)
	@cmake/build.sh release bench_follow
	@e2e/peers.sh

soak: deps ## watch an unresting cluster through faults for MINUTES (default 60)
	@cmake/build.sh release kube9-operator kube9-follow
	@OPERATOR=$(CURDIR)/build/release/kube9-operator MINUTES=$${MINUTES:-60} e2e/soak.sh

asan: deps ## unit and component tests under AddressSanitizer and UBSan
	@cmake/test.sh asan

tsan: deps ## the same under ThreadSanitizer
	@cmake/test.sh tsan

fuzz: deps ## every fuzzer for FUZZ_SECONDS (default 20) each, with inputs that no run had before
	@FUZZ_SEED=$${FUZZ_SEED:-0} cmake/test.sh fuzz

store-kill: deps ## kill a writer of the history COUNT times (default 1000), SEED=n replays
	@cmake/build.sh $(PRESET) test_kill
	@K9_COUNT=$${COUNT:-1000} K9_SEED=$${SEED:-1} build/$(PRESET)/test_kill

acto: deps ## chains of custom resource changes (STEPS=1000 SEED=1 TRIAL=) against a sanitizer build
	@cmake/build.sh asan kube9-operator
	@OPERATOR=$(CURDIR)/build/asan/kube9-operator MINUTES=60 ACTO_STEPS=$${STEPS:-1000} ACTO_SEED=$${SEED:-1} \
		ACTO_TRIAL=$${TRIAL:--1} e2e/run.sh $${VERSION:+--version $$VERSION} 24-acto

chaos: deps ## COUNT (default 10000) schedules of faults against the informer library, or only SEED
	@cmake/build.sh $(PRESET) test_chaos
	@CHAOS_COUNT=$${COUNT:-10000} CHAOS_FIRST=$${FIRST:-1} CHAOS_SEED=$(SEED) build/$(PRESET)/test_chaos

sieve: deps ## in every scenario: a crash at each write, a stale view of each event, each pair of events unobserved
	@cmake/build.sh dev test_sieve_stale test_sieve_unseen test_sieve_crash
	@K9_SIEVE_ALL=1 build/dev/test_sieve_stale
	@K9_SIEVE_ALL=1 build/dev/test_sieve_unseen
	@K9_SIEVE_ALL=1 build/dev/test_sieve_crash

coverage: deps ## line coverage of the unit and component tests
	@cmake/coverage.sh

format: ## lay out all C files with clang-format
	@find base apis informer store controller cmd -name '*.[ch]' | xargs clang-format -i

tidy: deps ## clang-tidy over all sources
	@cmake/test.sh tidy

clean: ## remove build/ (the caches in ~/.cache/kube9-operator stay)
	@rm -rf build
