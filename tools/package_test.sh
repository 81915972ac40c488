#!/usr/bin/env bash
# Installs and removes what tools/package.sh built: package_test.sh OUT_DIR. The .deb is installed for real when this is
# root, unpacked otherwise.
set -euo pipefail
out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "package: $*" >&2; exit 1; }

check_tree() { # ROOT SHARE
  "$1/bin/ameia" version | grep -q '^ameia ' || fail "$1/bin/ameia does not run"
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true, containers: [{name: c, image: a}]}\n' |
    "$1/bin/ameia" scan - --no-config --fail-on high -q && fail "a pod with hostPID passes"
  for file in man/man1/ameia.1.gz man/man1/ameia-scan.1.gz bash-completion/completions/ameia zsh/vendor-completions/_ameia \
    fish/vendor_completions.d/ameia.fish; do
    [ -s "$1/share/$file" ] || fail "$1/share/$file is missing"
  done
}

(cd "$out" && sha256sum -c --quiet SHA256SUMS)
deb=$(ls "$out"/*.deb)
dpkg-deb -x "$deb" "$work/deb"
check_tree "$work/deb/usr"
if [ "$(id -u)" = 0 ] && ! dpkg -s ameia >/dev/null 2>&1; then
  dpkg -i "$deb" >/dev/null
  check_tree /usr
  dpkg --purge ameia >/dev/null
  [ ! -e /usr/bin/ameia ] && [ ! -e /usr/share/doc/ameia ] || fail "purge leaves something behind"
  echo "package: installed, run and purged"
fi
tar -C "$work" -xzf "$out"/ameia-*.tar.gz
tree=$(echo "$work"/ameia-*)
check_tree "$tree"
# No library of the machine but glibc's is used.
if ldd "$tree/bin/ameia" | awk '$2 == "=>" {print $3}' | grep -vE "^$tree/|/(libc|libm|libdl|librt|libpthread)\.so"; then
  fail "the tarball uses libraries of this machine"
fi
if command -v lintian >/dev/null; then lintian --fail-on error "$deb"; else echo "package: lintian is not here, not asked"; fi
echo "package: passed"
