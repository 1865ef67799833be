#!/bin/sh
# Makes the holder for every processor there is a compiler for, into the resources of the agent. Run by hand after a change of the C
# files: Maven and its users need no compiler. Each result knows the hash of its source, which HolderBinaryTest compares.
set -eu
cd "$(dirname "$0")"
source=$(cat become.h console.h holder.c logs.h system.h terminal.h words.h | sha256sum | cut -c1-64)
make() {
    processor=$1 compiler=$2
    shift 2
    command -v "$compiler" >/dev/null || { echo "$compiler: not found, $processor is left as it is" >&2; return; }
    file=../resources/io/finback/nodeagent/executor/holder-$processor
    mkdir -p "$(dirname "$file")"
    "$compiler" -std=c11 -Wall -Wextra -Werror -Wno-unused-function -Os -DSOURCE="\"$source\"" "$@" \
        -static -nostdlib -nostartfiles -ffreestanding -fno-builtin -fno-pic -no-pie -fno-stack-protector \
        -fno-asynchronous-unwind-tables -Wl,--build-id=none,-z,noseparate-code,-z,norelro,-z,noexecstack -s -o "$file" holder.c
    chmod 644 "$file"
    ls -l "$file"
}
make amd64 x86_64-linux-gnu-gcc -fcf-protection=none
make aarch64 aarch64-linux-gnu-gcc
