#!/bin/sh
# Builds the container image: k8s/image.sh [--base IMAGE] [--tag NAME] [--no-archive] [--context-only DIR]
#   --base          what it stands on (default debian:bookworm-slim); k8s/base.sh makes one from a Debian machine without a registry
#   --tag           its name (default finback:<version>)
#   --no-archive    without the class data archive: a third smaller, slower starts
#   --context-only  makes the build context and builds nothing
# Needs a JDK with jlink, Maven for the first build, and docker. The engine is the one of DOCKER_HOST.
set -eu

fail() {
  echo "k8s/image.sh: $*" >&2
  exit 1
}

base=debian:bookworm-slim
tag=
archive=on
context=
while [ $# -gt 0 ]; do
  case $1 in
    --base) base=${2:?--base IMAGE} && shift 2 ;;
    --tag) tag=${2:?--tag NAME} && shift 2 ;;
    --no-archive) archive=off && shift ;;
    --context-only) context=${2:?--context-only DIR} && shift 2 ;;
    *) fail "$1: unknown (see the head of this file)" ;;
  esac
done

here=$(cd "$(dirname "$0")" && pwd -P)
home=$(dirname "$here")

java=${JAVA_HOME:+$JAVA_HOME/bin/java}
java=${java:-$(command -v java || true)}
[ -n "$java" ] || fail "no java on PATH; install a JDK of version 17 or newer, or set JAVA_HOME"
jdk=$(dirname "$(dirname "$(readlink -f "$java")")")
if [ ! -x "$jdk/bin/jlink" ] || [ ! -d "$jdk/jmods" ]; then
  fail "$jdk has no jlink or no jmods; set JAVA_HOME to a whole JDK"
fi

# Builds the program when sources have changed, as any start does.
version=$("$home/finback" --version | sed 's/^finback //')
program=$home/.finback/program/$(cat "$home/.finback/program/current")
tag=${tag:-finback:$version}

build=yes
if [ -n "$context" ]; then
  build=no
else
  context=$(mktemp -d)
  trap 'rm -rf "$context"' EXIT
  trap 'exit 130' INT TERM
fi
mkdir -p "$context/libraries" "$context/own"

# What the libraries use of the JDK; the diagnosis tools are jcmd's and the flight recorder's.
modules=java.base,java.desktop,java.instrument,java.logging,java.management,java.naming,java.net.http,java.security.jgss
modules=$modules,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management,jdk.naming.dns
modules=$modules,jdk.net,jdk.unsupported,jdk.zipfs
"$jdk/bin/jlink" --add-modules "$modules" --strip-java-debug-attributes --no-header-files --no-man-pages --compress=1 \
  --output "$context/jre"
# Debug symbols of the native libraries: three quarters of them.
if command -v strip >/dev/null 2>&1; then
  find "$context/jre" -name '*.so' -exec strip --strip-unneeded {} +
fi
# A runtime made by jlink has no archive of the JDK's own classes before it makes it.
"$context/jre/bin/java" -Xshare:dump >/dev/null 2>&1 || fail "the runtime in $context/jre does not run here"

for jar in "$program"/lib/*.jar; do
  case $(basename "$jar") in
    cli.jar | cluster-config.jar | control-plane.jar | node-agent.jar | mesh-router.jar) cp -p "$jar" "$context/own/" ;;
    *) cp -p "$jar" "$context/libraries/" ;;
  esac
done
cp -p "$home/finback" "$here/image/finback-init" "$here/image/finback-health" "$here/image/Dockerfile" "$context/"
chmod 0755 "$context/finback" "$context/finback-init" "$context/finback-health"

if [ "$build" = yes ]; then
  docker build --network=none --build-arg "BASE=$base" --build-arg "ARCHIVE=$archive" -t "$tag" "$context" >&2
  echo "$tag"
fi
