#!/usr/bin/env bash
# Installs a built ameia with its manual pages and completions: install.sh BINARY DESTDIR PREFIX
# Used by `make install` and by tools/package.sh.
set -euo pipefail
binary=$1 root=${2%/}${3%/}
ameia=$(realpath "$binary")
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT

install -D -m 755 "$ameia" "$root/bin/ameia"
if command -v strip >/dev/null; then strip --strip-unneeded "$root/bin/ameia"; fi
"$ameia" man --write "$pages"
for page in "$pages"/*.1; do
  gzip -9n "$page"
  install -D -m 644 "$page.gz" "$root/share/man/man1/$(basename "$page").gz"
done
# zsh of Debian reads vendor-completions below /usr, every zsh site-functions below /usr/local.
zsh=zsh/vendor-completions
if [ "$3" = /usr/local ]; then zsh=zsh/site-functions; fi
for shell in bash:bash-completion/completions/ameia "zsh:$zsh/_ameia" fish:fish/vendor_completions.d/ameia.fish; do
  "$ameia" completions "${shell%%:*}" >"$pages/completion"
  install -D -m 644 "$pages/completion" "$root/share/${shell#*:}"
done
