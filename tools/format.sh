#!/usr/bin/env bash
# clang-format over our own sources; --check only says what differs. Generated tables (gen/) are left alone.
set -euo pipefail
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run -Werror)
git ls-files '*.cc' '*.h' '*.c' | grep -v '/gen/' | xargs clang-format-19 "${mode[@]}"
