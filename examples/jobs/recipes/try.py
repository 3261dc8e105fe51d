#!/usr/bin/env python3
"""Runs a program of any of the three kinds on a text, and says whether it counts as Python does.

pip install wasmtime
./try.py c-core/count.wasm python/count.wasm
"""

import pathlib
import struct
import sys
import tempfile
import time

import wasmtime
import wasmtime.component

TEXT = "two words\nand é more\n\n tail".encode() * 1000
EXPECTED = b"%d %d %d\n" % (TEXT.count(b"\n"), len(TEXT.split()), len(TEXT))


def run_core(engine, module) -> bytes:
    store = wasmtime.Store(engine)
    exports = wasmtime.Instance(store, module, []).exports(store)
    unit = struct.pack("<QI", 3, 3) + b"a=1" + TEXT
    address = exports["althing_alloc"](store, len(unit))
    exports["memory"].write(store, unit, address)
    place = exports["althing_run"](store, address, len(unit)) & 0xFFFFFFFFFFFFFFFF
    return bytes(exports["memory"].read(store, place >> 32, (place >> 32) + (place & 0xFFFFFFFF)))


def run_command(engine, module) -> bytes:
    folder, config = pathlib.Path(tempfile.mkdtemp()), wasmtime.WasiConfig()
    (folder / "in").write_bytes(TEXT)
    config.stdin_file, config.stdout_file = str(folder / "in"), str(folder / "out")
    store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
    store.set_wasi(config)
    linker.define_wasi()
    try:
        linker.instantiate(store, module).exports(store)["_start"](store)
    except wasmtime.ExitTrap as exit:
        assert exit.code == 0
    return (folder / "out").read_bytes()


def run_component(engine, component) -> bytes:
    store = wasmtime.Store(engine)
    instance = wasmtime.component.Linker(engine).instantiate(store, component)
    result = instance.get_func(store, "run")(store, 3, b"a=1", TEXT)
    return result if isinstance(result, bytes) else str(result).encode()


def main() -> None:
    failed = False
    for path in map(pathlib.Path, sys.argv[1:]):
        start, binary, engine = time.monotonic(), path.read_bytes(), wasmtime.Engine()
        if binary[4:8] == b"\x0d\0\1\0":
            kind, run, program = "component", run_component, wasmtime.component.Component(engine, binary)
        else:
            program = wasmtime.Module(engine, binary)
            is_command = any(export.name == "_start" for export in program.exports)
            kind, run = ("command", run_command) if is_command else ("core", run_core)
        compiled, output = time.monotonic(), run(engine, program)
        verdict = "ok" if output == EXPECTED else f"FAILED {output[:80]!r}"
        times = f"compiled in {compiled - start:.2f} s, ran in {(time.monotonic() - compiled) * 1e3:.1f} ms"
        print(f"{verdict}  {path}: {kind}, {len(binary)} bytes, {times}")
        failed |= output != EXPECTED
    sys.exit(failed)


if __name__ == "__main__":
    main()
