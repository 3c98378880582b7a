"""Which tests a script's source shows."""

from __future__ import annotations

import ast

import pytest

from mpy_harness.board.script_tests import collect_tests

CASES = {
    "functions": (
        "def test_a(): pass\nasync def test_b(x=1, *args, y=2, **more): pass\ndef helper(): pass",
        "test_a test_b",
    ),
    "a case": (
        "import unittest\nclass A(unittest.TestCase):\n def test_a(self): pass\n def helper(self): pass",
        "A.test_a",
    ),
    "its own name": ("from unittest import TestCase as Case\nclass A(Case):\n def testA(self): pass", "A.testA"),
    "of a base": (
        "import unittest\nclass B(unittest.TestCase):\n def test_b(self): pass\nclass A(B):\n def test_a(self): pass",
        "B.test_b A.test_b A.test_a",
    ),
    "of a mixin": (
        "import unittest\nclass M:\n def test_m(self): pass\nclass A(M, unittest.TestCase):\n def test_a(self): pass",
        "A.test_m A.test_a",
    ),
    "a base that is deleted": (
        "import unittest\nclass B(unittest.TestCase):\n def test_b(self): pass\nclass A(B): pass\ndel B",
        "A.test_b",
    ),
    "a base of another file": ("import helper\nclass A(helper.Base):\n def test_a(self): pass", "A.test_a"),
    "plain classes": ("class A:\n def test_a(self): pass\nclass B(A):\n def test_b(self): pass", ""),
    "classes in a circle": ("class A(B):\n def test_a(self): pass\nclass B(A): pass", ""),
    "below an if": ("import unittest\nif 1:\n class A(unittest.TestCase):\n  def test_a(self): pass", ""),
    "defined twice": (
        """import unittest
class A(unittest.TestCase):
 def test_a(self): pass
class A(unittest.TestCase):
 def test_b(self): pass""",
        "A.test_b",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_tests(name):
    source, expected = CASES[name]
    found = collect_tests(ast.parse(source), uses_unittest=True)
    assert " ".join(test.name for test in found.tests) == expected
    assert not found.not_tests


def test_functions_with_arguments_are_no_tests():
    tree = ast.parse("def test_a(x, y=1, *, z): pass\ndef test_b(x, /): pass\n@decorated\ndef test_c(x): pass")
    found = collect_tests(tree, uses_unittest=False)
    assert found.not_tests == ["test_a(x, z)", "test_b(x)"]
    assert [test.name for test in found.tests] == ["test_c"]


def test_a_base_of_another_file_is_no_case_without_unittest():
    tree = ast.parse("import helper\nclass A(helper.Base):\n def test_a(self): pass")
    assert not collect_tests(tree, uses_unittest=False).tests
