"""Counts lines, words and bytes, in Python: the whole interpreter travels with the program."""

import wit_world


class WitWorld(wit_world.WitWorld):
    def run(self, unit: int, arguments: bytes, input: bytes) -> bytes:
        return f"{input.count(b'\n')} {len(input.split())} {len(input)}\n".encode()
