"""Runs the programs of this folder without Althing: for check.py and speed.py only.

A program is run twice: as WebAssembly (wasmtime from PyPI) and compiled by gcc for this computer. Needs Python 3.10.
"""

import ctypes
import pathlib
import struct
import subprocess
import tempfile

import wasmtime

HERE = pathlib.Path(__file__).resolve().parent


def pack_unit(unit: int, arguments: str, data: bytes) -> bytes:
    text = arguments.encode()
    return struct.pack("<QI", unit, len(text)) + text + data


def join_parts(parts: list[bytes]) -> bytes:
    """The input of a reduce: several parts are preceded by their lengths, one part comes as it is."""
    if len(parts) == 1:
        return parts[0]
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


class UnitFailed(Exception):
    """The program ended its unit; the text is its last words."""


class Wasm:
    """A program as Althing runs it: fresh memory for each unit."""

    def __init__(self, path: pathlib.Path):
        config = wasmtime.Config()
        config.wasm_relaxed_simd = False  # Its results differ from one processor to another.
        self.engine = wasmtime.Engine(config)
        self.module = wasmtime.Module(self.engine, path.read_bytes())

    def start(self):
        store = wasmtime.Store(self.engine)
        return store, wasmtime.Instance(store, self.module, []).exports(store)

    def put(self, store, exports, buffer: bytes) -> int:
        address = exports["althing_alloc"](store, len(buffer)) & 0xFFFFFFFF
        exports["memory"].write(store, buffer, address)
        return address

    def get(self, store, exports, place: int) -> bytes:
        place &= 0xFFFFFFFFFFFFFFFF
        return bytes(exports["memory"].read(store, place >> 32, (place >> 32) + (place & 0xFFFFFFFF)))

    def run(self, unit: int, arguments: str = "", data: bytes = b"") -> bytes:
        store, exports = self.start()
        buffer = pack_unit(unit, arguments, data)
        address = self.put(store, exports, buffer)
        try:
            if "althing_step" in [export.name for export in self.module.exports]:
                exports["althing_begin"](store, address, len(buffer))
                place = 0
                while place == 0:
                    place = exports["althing_step"](store)
            else:
                place = exports["althing_run"](store, address, len(buffer))
        except wasmtime.Trap as trap:
            raise UnitFailed(self.get(store, exports, exports["althing_log"](store)).decode()) from trap
        return self.get(store, exports, place)

    def run_moving(self, unit: int, arguments: str, steps_each: int) -> tuple[bytes, int]:
        """Runs a unit that is carried to a new instance every few steps, as from one computer to another."""
        store, exports = self.start()
        buffer = pack_unit(unit, arguments, b"")
        exports["althing_begin"](store, self.put(store, exports, buffer), len(buffer))
        moves = 0
        while True:
            for _ in range(steps_each):
                place = exports["althing_step"](store)
                if place:
                    return self.get(store, exports, place), moves
            checkpoint = bytes(exports["memory"].read(store))
            store, exports = self.start()
            memory = exports["memory"]
            memory.grow(store, len(checkpoint) // 65536 - memory.size(store))
            memory.write(store, checkpoint, 0)
            moves += 1


class Native:
    """The same C, compiled for this computer. A unit that fails ends the process: give it good ones."""

    def __init__(self, path: pathlib.Path, options: tuple[str, ...] = ()):
        library = pathlib.Path(tempfile.mkdtemp()) / (path.stem + ".so")
        subprocess.run(
            ["gcc", "-O3", "-ffp-contract=off", "-fno-math-errno", "-shared", "-fPIC", "-w", *options]
            + ["-o", str(library), str(path)],
            check=True,
        )
        self.library = ctypes.CDLL(str(library))
        self.library.althing_native_memory.restype = ctypes.c_void_p
        self.library.althing_alloc.restype = ctypes.c_uint32
        for name in ("althing_run", "althing_step"):
            if hasattr(self.library, name):
                getattr(self.library, name).restype = ctypes.c_uint64

    def run(self, unit: int, arguments: str = "", data: bytes = b"") -> bytes:
        memory = self.library.althing_native_memory()
        buffer = pack_unit(unit, arguments, data)
        address = self.library.althing_alloc(len(buffer))
        ctypes.memmove(memory + address, buffer, len(buffer))
        if hasattr(self.library, "althing_step"):
            self.library.althing_begin(address, len(buffer))
            place = 0
            while place == 0:
                place = self.library.althing_step()
        else:
            place = self.library.althing_run(address, len(buffer))
        return ctypes.string_at(memory + (place >> 32), place & 0xFFFFFFFF)


class Foreign:
    """The same C, compiled for AArch64 and run by qemu: another processor's rules for numbers."""

    TOOLS = ("aarch64-linux-gnu-gcc", "qemu-aarch64")
    MAIN = """
        #include <stdio.h>
        #include "%s"
        int main(void) {
            static uint8_t unit[1 << 24];
            uint32_t length = (uint32_t)fread(unit, 1, sizeof unit, stdin), address = althing_alloc(length);
            memcpy(AT(address), unit, length);
            uint64_t place = althing_run(address, length);
            fwrite(AT(place >> 32), 1, (uint32_t)place, stdout);
        }
    """

    def __init__(self, path: pathlib.Path):
        self.program = pathlib.Path(tempfile.mkdtemp()) / path.stem
        options = ["-O2", "-ffp-contract=off", "-fno-math-errno", "-static", "-w", "-x", "c", "-"]
        subprocess.run(
            [self.TOOLS[0], *options, "-o", str(self.program)], input=(self.MAIN % path).encode(), check=True
        )

    def run(self, unit: int, arguments: str = "", data: bytes = b"") -> bytes:
        buffer = pack_unit(unit, arguments, data)
        return subprocess.run([self.TOOLS[1], self.program], input=buffer, capture_output=True, check=True).stdout


def wasm(name: str) -> Wasm:
    return Wasm(HERE / f"{name}.wasm")


def native(name: str, *options: str) -> Native:
    return Native(HERE / f"{name}.c", options)
