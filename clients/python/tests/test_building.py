"""Making programs of Python modules."""

import os
import tempfile
import unittest
from unittest import mock

import althing
from althing import building

MODULE = """
def run(unit, arguments, input):
    if input == b"bad":
        raise ValueError("this is bad")
    return f"{unit} {len(input.split())}"
"""


class Building(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.module = os.path.join(folder.name, "count.py")
        self.out = os.path.join(folder.name, "count.wasm")
        with open(self.module, "w", encoding="utf-8") as file:
            file.write(MODULE)

    def test_without_the_tool_it_says_how_to_get_it(self):
        with mock.patch.object(building.os, "access", return_value=False):
            with mock.patch.object(building.shutil, "which", return_value=None):
                with self.assertRaises(althing.AlthingError) as caught:
                    althing.build(self.module, self.out)
        self.assertEqual(caught.exception.code, "althing.no-componentize-py")
        self.assertIn("pip install componentize-py", str(caught.exception))

    def test_what_is_no_module_is_refused(self):
        for wrong in ("count.txt", "not-a-name.py", "wit_world.py"):
            with self.assertRaises(ValueError):
                althing.build(wrong, self.out)
        with self.assertRaises(FileNotFoundError):
            althing.build("/nowhere/count.py", self.out)

    def test_a_module_becomes_a_component(self):
        try:
            building._tool()
        except althing.AlthingError:
            self.skipTest("componentize-py is not installed")
        althing.build(self.module, self.out)
        with open(self.out, "rb") as file:
            self.assertEqual(file.read(8), b"\0asm\x0d\0\x01\0")

    def test_a_module_that_cannot_be_imported_says_why(self):
        try:
            building._tool()
        except althing.AlthingError:
            self.skipTest("componentize-py is not installed")
        with open(self.module, "w", encoding="utf-8") as file:
            file.write("import nothing_of_that_name\n")
        with self.assertRaisesRegex(althing.AlthingError, "nothing_of_that_name"):
            althing.build(self.module, self.out)
        self.assertFalse(os.path.exists(self.out))
