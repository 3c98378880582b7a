"""The guest's program, joined from its files: what one of them uses is there in the whole."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

import pytest

from mpy_harness import architectures
from mpy_harness.firmware import guest_program

MICROPYTHON = {"const", "micropython", "ptr8"}  # what its compiler knows by itself
MARKS = {"mark_start", "mark_stop", "mark_pause", "mark_resume"}
ARCHES = [None, "keeps_files", "armv7emsp", "rv32imc", "xtensawin"]


@pytest.fixture(params=ARCHES)
def tree(request: pytest.FixtureRequest) -> ast.Module:
    """The program for a core, or for one on which nothing is counted."""
    which = architectures.instruction_set(request.param) if request.param else None
    keeps_files = request.param == "keeps_files"  # as no arch is called
    return ast.parse(guest_program.joined(which.marks if which else None, keeps_files=keeps_files))


def is_assembled(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and "asm_thumb" in "".join(map(ast.unparse, node.decorator_list))


def scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from scopes(child)


def test_each_name_is_known(tree):
    # In what is assembled, names are registers and instructions.
    assembled = {node.name for node in tree.body if is_assembled(node)}
    tree.body = [node for node in tree.body if not is_assembled(node)]
    whole = symtable.symtable(ast.unparse(tree), "guest", "exec")
    known = {symbol.get_name() for symbol in whole.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    known |= assembled
    assert known > MARKS
    used = {
        symbol.get_name()
        for scope in scopes(whole)
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or scope is whole)
    }
    assert not used - known - MICROPYTHON - set(dir(builtins))


def test_constants_are_defined_once_and_above_their_use(tree):
    # Below, MicroPython's compiler does not know them yet, and they are no globals either.
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    constants = {
        node.targets[0].id: node.lineno
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "const"
    }
    assert len(constants) > 20
    assert not [name.id for name in names if name.lineno < constants.get(name.id, 0)]
    assigned = [name.id for name in names if isinstance(name.ctx, ast.Store) and name.id in constants]
    assert sorted(assigned) == sorted(constants)


def test_the_class_in_two_files_is_one(tree):
    (runtime,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Runtime"]
    methods = {node.name for node in runtime.body if isinstance(node, ast.FunctionDef)}
    assert {"encode", "decode", "__call__", "plan_exec", "do_read"} <= methods
