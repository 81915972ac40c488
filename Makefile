# The two commands of a newcomer: `make run` and `make test`. Everything else is for people who stay.
# Needs nothing but Debian 12 packages (packages.txt); run as root, or with sudo on the PATH.

JOBS ?= $(shell nproc)
SUITES ?= $(if $(AMEIA_SUITES),$(AMEIA_SUITES),../shared/suites)
export AMEIA_SUITES := $(abspath $(SUITES))
FUZZ_SECONDS ?= 600
FUZZ_TARGETS = $(basename $(notdir $(wildcard fuzz/*_fuzz.cc)))

PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: install package package-test help setup setup-nightly build run test bench conformance fuzz lint format check asan tsan tidy interop nightly clean

help:
	@echo 'make run          install what is missing, build, scan examples/estate'
	@echo 'make test         install what is missing, build, run every test, replay the fuzz corpora under ASan and UBSan'
	@echo 'make build        the release binary: build/release/ameia'
	@echo 'make install      DESTDIR and PREFIX (now $(PREFIX)): the program, its manual pages and completions'
	@echo 'make package      build/package: a .deb and a tarball with its libraries;  make package-test installs and purges'
	@echo 'make conformance  other projects'"'"' suites (AMEIA_SUITES, now $(SUITES)); writes build/conformance.json'
	@echo 'make bench        benchmarks with their peers where present; writes build/bench.json'
	@echo 'make fuzz         libFuzzer on every border, FUZZ_SECONDS=$(FUZZ_SECONDS) each'
	@echo 'make lint         layers, purity, format;  make format  rewrites the format'
	@echo 'make check        what a change must pass: test, conformance, ASan and UBSan, lint'
	@echo 'make nightly      check, and what takes longer: TSan, clang-tidy, long fuzzing, scale'

setup:
	@tools/setup.sh packages.txt

build/%/build.ninja: CMakeLists.txt CMakePresets.json cmake/rooms.cmake layers.txt
	@cmake --preset $* >/dev/null

build: setup build/release/build.ninja
	@cmake --build --preset release -j $(JOBS)

run: build
	@build/release/ameia scan examples/estate

test: build build/asan/build.ninja
	@ctest --test-dir build/release --output-on-failure --no-tests=error -j $(JOBS)
	@cmake --build --preset asan -j $(JOBS) --target $(FUZZ_TARGETS)
	@ctest --test-dir build/asan --output-on-failure --no-tests=error -R '^fuzz_'

# Without the suites folder CEL's own cases come from its npm package, where npm is.
CEL_SPEC_PACKAGE = @bufbuild/cel-spec
CEL_SPEC_VERSION = 0.6.1
install: build
	@tools/install.sh build/release/ameia '$(DESTDIR)' '$(PREFIX)'

package: build
	@cmake --build --preset release -j $(JOBS) --target ameia-portable
	@tools/package.sh build/release build/package

package-test: package
	@tools/package_test.sh build/package

conformance: build
	@if [ -d "$(AMEIA_SUITES)/cel-spec" ]; then :; \
	elif [ -n "$$(command -v npm)" ]; then \
	  npm install --silent --no-audit --no-fund --prefix build/npm $(CEL_SPEC_PACKAGE)@$(CEL_SPEC_VERSION) && \
	  node tools/cel_spec_from_npm.mjs build/npm/node_modules/$(CEL_SPEC_PACKAGE) build/npm/suites/cel-spec || exit 1; \
	else echo 'conformance: no $(AMEIA_SUITES)/cel-spec and no npm to fetch $(CEL_SPEC_PACKAGE) with: CEL cases are skipped' >&2; fi
	@AMEIA_CEL_SPEC=build/npm/suites/cel-spec build/release/conformance build/conformance.json

asan: build/asan/build.ninja
	@cmake --build --preset asan -j $(JOBS)
	@ctest --test-dir build/asan --output-on-failure --no-tests=error -j $(JOBS)

tsan: build/tsan/build.ninja
	@cmake --build --preset tsan -j $(JOBS)
	@ctest --test-dir build/tsan --output-on-failure --no-tests=error -j $(JOBS)

bench: build
	@python3 bench/run.py --out build/bench.json

fuzz: setup build/fuzz/build.ninja
	@cmake --build --preset fuzz -j $(JOBS)
	@for target in $(FUZZ_TARGETS); do \
	  border=$${target%_fuzz}; mkdir -p build/fuzz/found/$$border; \
	  echo "fuzz $$border for $(FUZZ_SECONDS) s"; \
	  build/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/found/ build/fuzz/found/$$border fuzz/corpus/$$border 2>&1 | tail -n 8 || exit 1; \
	done

lint: build
	@python3 tools/check_layers.py
	@python3 tools/check_purity.py build/release
	@tools/format.sh --check

format:
	@tools/format.sh

# With the programs that --render starts, where they are.
interop: build
	@tools/interop.sh build/release/ameia

setup-nightly: setup
	@tools/setup.sh packages-nightly.txt

tidy: setup-nightly build
	@JOBS=$(JOBS) python3 tools/tidy.py build/release

# In this order: what fails fastest comes first where it can.
check: test conformance asan lint
	@echo 'check: everything passed'

nightly: setup-nightly check interop tsan tidy fuzz
	@python3 bench/run.py --out build/bench.json --scale

clean:
	rm -rf build
