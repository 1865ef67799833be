#!/bin/sh
# Makes an image of PostgreSQL from the Debian packages of the machine it runs on, for k8s/compose.yaml where no registry can be asked:
#   k8s/database.sh [--base IMAGE] [--tag NAME]      (defaults finback/base:local, of k8s/base.sh, and finback/database:local)
# Needs the package postgresql. The image reads POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE as the
# official one does. The engine is the one of DOCKER_HOST.
set -eu

fail() {
  echo "k8s/database.sh: $*" >&2
  exit 1
}

base=finback/base:local
tag=finback/database:local
while [ $# -gt 0 ]; do
  case $1 in
    --base) base=${2:?--base IMAGE} && shift 2 ;;
    --tag) tag=${2:?--tag NAME} && shift 2 ;;
    *) fail "$1: unknown (see the head of this file)" ;;
  esac
done
here=$(cd "$(dirname "$0")" && pwd -P)

# The newest one, should there be several.
installed=$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/postgres' 2>/dev/null | sort -t / -k 5 -n | tail -n 1)
[ -n "$installed" ] || fail "no /usr/lib/postgresql/*/bin/postgres; install the package postgresql, or name another image in POSTGRES_IMAGE"
version=$(basename "$(dirname "$(dirname "$installed")")")
library=/usr/lib/postgresql/$version
share=/usr/share/postgresql/$version

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
trap 'exit 130' INT TERM
root=$context/root
mkdir -p "$root/usr/lib/postgresql" "$root/usr/share/postgresql" "$root/usr/lib/finback-database"
# Without the compiler of queries (a hundred megabytes of LLVM), and what it reads.
tar -C / -cf - --exclude='*/bitcode' --exclude='*/llvmjit*' --exclude='*/pgxs' --exclude='*/locale' --exclude='*/man' \
  "${library#/}" "${share#/}" usr/share/zoneinfo | tar -C "$root" -xf -
# The libraries of its programs and modules; those that the base has, too, are the same.
find "$root$library" -type f \( -path '*/bin/*' -o -name '*.so' \) | sed "s|^$root||" | xargs ldd 2>/dev/null \
  | sed -n 's|.* => \(/[^ ]*\) .*|\1|p' | sort -u | while read -r file; do cp -L "$file" "$root/usr/lib/finback-database/"; done
rm -f "$root"/usr/lib/finback-database/libc.so.* "$root"/usr/lib/finback-database/ld-linux*
cp "$here/database/Dockerfile" "$here/database/start" "$context/"
chmod 0755 "$context/start"
docker build --network=none --build-arg "BASE=$base" --build-arg "VERSION=$version" -t "$tag" "$context" >&2
echo "$tag"
