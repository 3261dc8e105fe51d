#!/bin/sh
# Builds all programs again, or those named: ./build.sh count sum
#
# The .wasm files in this folder came from Debian's clang-19 and lld-19 (19.1.7) and these options, and do again byte
# for byte. -ffp-contract=off: no fused multiply-add, which would round differently from one processor to another.
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
OUT=${OUT:-.}
for program in ${*:-count sum words merge risk risk-sum spectrum tracer primes}; do
    "$CLANG" --target=wasm32 -nostdlib -O3 -msimd128 -mbulk-memory -ffp-contract=off -std=c17 -Wall -Wextra -Werror \
        -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=65536 -Wl,--stack-first \
        -o "$OUT/$program.wasm" "$program.c"
done
