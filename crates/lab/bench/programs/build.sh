#!/bin/sh
# Builds the programs of the benchmark (Debian: clang-19, lld-19).
set -eu
cd "$(dirname "$0")"
for name in noop spin; do
    clang-19 --target=wasm32 -nostdlib -O3 -msimd128 -mbulk-memory -ffp-contract=off -Wl,--no-entry -Wl,--strip-all \
        -o "$name.wasm" "$name.c"
done
