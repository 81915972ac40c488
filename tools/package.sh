#!/usr/bin/env bash
# Builds the packages: package.sh BUILD_DIR OUT_DIR
#   ameia_VERSION_ARCH.deb       for Debian 12, linked with its libraries
#   ameia-VERSION-linux-ARCH.tar.gz  bin/, share/ and in lib/ameia/ every library but glibc's (2.36 or later is needed)
#   SHA256SUMS
# The same sources and tools give the same bytes: files carry the time of the last commit.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 out=$2
version=$("$build/ameia" version -o json | sed 's/.*"version":"\([^"]*\)".*/\1/')
arch=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# The .deb.
deb=$work/deb
tools/install.sh "$build/ameia" "$deb" /usr
doc=$deb/usr/share/doc/ameia
mkdir -p "$doc" "$deb/DEBIAN"
cat >"$doc/copyright" <<'TEXT'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ameia

Files: *
Copyright: 2026 the Ameia authors
License: Apache-2.0
 On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.
TEXT
printf 'ameia (%s) unstable; urgency=medium\n\n  * What changed is in CHANGELOG.md of the sources.\n\n -- Ameia <ameia@example.invalid>  %s\n' \
  "$version" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
mkdir -p "$work/shlibs/debian"
: >"$work/shlibs/debian/control"
depends=$(cd "$work/shlibs" && dpkg-shlibdeps -O "$deb/usr/bin/ameia" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
cat >"$deb/DEBIAN/control" <<TEXT
Package: ameia
Version: $version
Architecture: $arch
Maintainer: Ameia <ameia@example.invalid>
Depends: $depends
Suggests: kubectl
Section: admin
Priority: optional
Installed-Size: $(du -sk "$deb/usr" | cut -f1)
Description: inspects Kubernetes manifests and says what is wrong
 Ameia reads Kubernetes manifests and says what is wrong with them, worst
 first, with the line, the reason and the mend. It evaluates
 ValidatingAdmissionPolicies as the API server does and needs no network.
TEXT
(cd "$deb" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$deb" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build -Zxz "$deb" "$out/ameia_${version}_${arch}.deb" >/dev/null

# The tarball.
name=ameia-$version-linux-$arch
tools/install.sh "$build/ameia-portable" "$work/tar" "/$name"
cp LICENSE CHANGELOG.md "$work/tar/$name/"
mkdir -p "$work/tar/$name/lib/ameia" "$work/tar/$name/share/doc/ameia/libraries"
# glibc's own stay where they are: they belong to the kernel and the loader of the machine.
ldd "$build/ameia-portable" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' |
  grep -vE '/(libc|libm|libdl|librt|libpthread|ld-linux[^/]*)\.so' | LC_ALL=C sort | while read -r library; do
  install -m 644 "$library" "$work/tar/$name/lib/ameia/"
  # /lib is /usr/lib, and dpkg knows a file by one of the names.
  real=$(realpath "$library")
  package=$({ dpkg -S "*/$(basename "$(dirname "$real")")/$(basename "$real")" 2>/dev/null || true; } | head -n 1 | cut -d: -f1)
  [ -f "/usr/share/doc/$package/copyright" ] || { echo "package: no licence of $library found" >&2; exit 1; }
  install -m 644 "/usr/share/doc/$package/copyright" "$work/tar/$name/share/doc/ameia/libraries/$package.copyright"
done
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$work/tar" -cf - "$name" |
  gzip -9n >"$out/$name.tar.gz"
(cd "$out" && sha256sum "ameia_${version}_${arch}.deb" "$name.tar.gz" >SHA256SUMS)
cat "$out/SHA256SUMS"
