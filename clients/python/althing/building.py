"""Makes a program of a Python module, with componentize-py of the Bytecode Alliance (PyPI)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from typing import Optional

from .faults import AlthingError, Remedy
from .program import PathOrText

#: What a component looks like from outside: spec compute-programs, rule 1.
_WORLD = """package althing:job;

world program {
    export run: func(unit: u64, arguments: list<u8>, input: list<u8>) -> result<list<u8>, string>;
}
"""

# The module is imported while the program is made, so that what it imports is in it; units begin with it loaded.
_WRAPPER = """import wit_world
from componentize_py_types import Err

import {module} as module


class WitWorld(wit_world.WitWorld):
    def run(self, unit: int, arguments: bytes, input: bytes) -> bytes:
        try:
            output = module.run(unit, arguments, input)
        except Err:
            raise
        except BaseException as error:
            # Not by `traceback`: it looks for the lines of files, and there are none.
            places, at = [], error.__traceback__
            while at is not None:
                code = at.tb_frame.f_code
                places.append(f"{{code.co_filename}}:{{at.tb_lineno}} in {{code.co_name}}")
                at = at.tb_next
            raise Err("\\n".join([*places, f"{{type(error).__name__}}: {{error}}"])[-2000:])
        if isinstance(output, str):
            return output.encode()
        if not isinstance(output, (bytes, bytearray)):
            raise Err(f"run gave {{type(output).__name__}}, not bytes or str")
        return bytes(output)
"""

#: Loading the interpreter and all the module imports takes about half a minute on a slow computer.
_BUILD_SECONDS = 600


def build(module: PathOrText, out: PathOrText) -> str:
    """Makes the WASM program `out` of a Python file, and returns its path.

    The file has a function `run(unit: int, arguments: bytes, input: bytes) -> bytes` (or `str`); an exception is why a unit
    fails. It may import modules beside it and what is pure Python; there is no clock, no chance, no network, no file.
    The interpreter travels along: about 18 MB, and each computer compiles it once (half a minute).

    Needs componentize-py (`pip install componentize-py`); without it, raises `AlthingError` that says so.
    """
    source = os.path.abspath(os.fspath(module))
    target = os.path.abspath(os.fspath(out))
    name, kind = os.path.splitext(os.path.basename(source))
    if kind != ".py" or not name.isidentifier() or name in ("wit_world", "althing_program", "componentize_py_types"):
        raise ValueError(f"{source} is no Python file that can be imported by its name")
    if not os.path.isfile(source):
        raise FileNotFoundError(source)
    tool = _tool()
    with tempfile.TemporaryDirectory(prefix="althing-build-") as folder:
        world = os.path.join(folder, "world.wit")
        with open(world, "w", encoding="utf-8") as file:
            file.write(_WORLD)
        with open(os.path.join(folder, "althing_program.py"), "w", encoding="utf-8") as file:
            file.write(_WRAPPER.format(module=name))
        made = os.path.join(folder, "program.wasm")
        command = [tool, "-d", world, "-w", "program", "componentize", "--stub-wasi"]
        command += ["-p", folder, "-p", os.path.dirname(source), "althing_program", "-o", made]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, timeout=_BUILD_SECONDS)
        if ran.returncode != 0:
            said = ran.stdout.decode(errors="replace").strip()[-4_000:]
            raise AlthingError(
                "althing.build-failed",
                "yours",
                f"{source} cannot be made a program: {said}",
                [Remedy("", "modules written in C, and waiting for files or the network while importing, do not work")],
            )
        # Beside the target first: whoever reads it sees the old program or the new one.
        beside = f"{target}.new"
        shutil.copyfile(made, beside)
        os.replace(beside, target)
    return target


def _tool() -> str:
    beside = os.path.join(sysconfig.get_path("scripts"), "componentize-py")
    found: Optional[str] = beside if os.access(beside, os.X_OK) else shutil.which("componentize-py")
    if found is None:
        raise AlthingError(
            "althing.no-componentize-py",
            "settings",
            "a Python module is made a program by componentize-py, which is not installed",
            [Remedy(f"{sys.executable} -m pip install componentize-py", "installs it (30 MB, from PyPI)")],
        )
    return found
