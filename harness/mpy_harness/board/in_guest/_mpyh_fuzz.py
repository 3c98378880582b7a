# Runs calls that were made up, and tells what can be called: fuzzing/subject.py, in lives of their own.
import gc
from array import array

import uctypes

_fuzz_told = set()


def _fuzz_arity(function, types):
    # py/obj.h: mp_obj_fun_builtin_fixed_t and mp_obj_fun_builtin_var_t. A method of an object is bound to that, and the
    # function, behind its type, gets it as well (py/objboundmeth.c).
    kind, second = array("I", uctypes.bytearray_at(id(function), 8))
    bound = type(function).__name__ == "bound_method"
    if bound:
        kind, second = array("I", uctypes.bytearray_at(second, 8))
    if kind == types[4]:
        least, most = second >> 17, second >> 1 & 0xFFFF
    elif kind in types:
        least = most = types.index(kind)
    else:
        return -1, -1
    return max(0, least - bound), min(max(0, most - bound), 8)


def _fuzz_functions(owner, types):
    found = []
    for name in dir(owner):
        try:
            value = getattr(owner, name)
        except AttributeError:
            continue
        if not name.startswith("_") and callable(value):
            found.append((name,) + _fuzz_arity(value, types))
    return found


def _fuzz_types(values, types):
    # Objects whose type is not the interpreter's own have methods that are worth a call.
    named, methods = {}, {}
    for name in values:
        value = values[name]
        kind = type(value)
        if value is None or isinstance(value, (bool, int, float, str, bytes, bytearray, list, tuple, dict, set, array)):
            continue
        if kind is memoryview or kind is type(gc) or kind is type or callable(value):
            continue
        named[name] = kind.__name__
        if kind.__name__ not in _fuzz_told:
            methods[kind.__name__] = _fuzz_functions(value, types)
    return named, methods


def fuzz_look(name, setup, types):
    module = __import__(name)
    values = {}
    exec(setup, values)
    objects, methods = _fuzz_types(values, types)
    buffers = [n for n in values if isinstance(values[n], (bytes, bytearray, array, memoryview))]
    return {
        "functions": _fuzz_functions(module, types),
        "objects": objects,
        "buffers": sorted(b for b in buffers if b[0] != "_"),
        "types": methods,
    }


def fuzz_run(source, names, known, types):
    values = {}
    _fuzz_told.update(known)
    exec(source, values)
    results = {name: values[name] for name in names if name in values}
    named, methods = _fuzz_types(results, types)
    return {"results": named, "types": methods}
