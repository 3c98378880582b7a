"""What to do when a native module does not link: in words that name the variable, the function and the line.

The messages of mpy_ld.py assume that one knows how native modules are linked. The object files are still there when it
has given up; the toolchain's own programs tell which line is meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.firmware.process import run

_SECONDS = 60.0
_UNDEFINED = re.compile(r"(?:LinkError: )?(\S+\.o|\S+): undefined symbol: (\S+)")
_STATIC_BSS = re.compile(r"LinkError: (\S+): fixed relocation to bss")
_NON_EMPTY = re.compile(r"LinkError: (\S+): (\.data\S*) non-empty")
# A symbol's line as nm tells it: name, and file with line; a variable as objdump tells it: section and name.
_PLACE = re.compile(r"[0-9a-f]+ \w (\S+)\t(.+:\d+)")
_VARIABLE = re.compile(r"[0-9a-f]+ .{6}O (\S+)\s[0-9a-f]+ (?:\.hidden )?(\S+)")
_SOURCE_LINE = re.compile(r"(/.+|\w.*\.\w+):(\d+)(?: \(discriminator \d+\))?")
_RELOCATION = re.compile(r"\s+[0-9a-f]+: R_\w+\s+([\w.$]+)")
_OFFERED = re.compile(r"#define (m[p_]\w+)\(")
_PLACES = 3
# newlib's names of the functions that compute and handle no errors (libm/math/w_exp.c calls one in e_exp.c).
_INNER = "__ieee754_"

# What a compiler calls for arithmetic in double precision (Run-time ABI for the Arm Architecture, section 4.1.2; GCC
# internals, "Routines for floating point emulation").
_DOUBLE = re.compile(r"__aeabi_(c?d\w+|\w+2d|d2\w+)$|__\w*df\w*$")
_ARITHMETIC = re.compile(r"__aeabi_\w+$|__\w+[sdt][if]\w*[23]?$|__(clz|ctz|popcount|bswap)\w+$")

_LINK_LIBC = (
    "`MPY_LD_FLAGS += -l$(shell $(CROSS)gcc $(CFLAGS) --print-file-name=libc.a)`, below the Makefile's `include`, "
    "links it"
)
_FROM_TABLE = {
    "memset": "void *memset(void *s, int c, size_t n) { return mp_fun_table.memset_(s, c, n); }",
    "memmove": "void *memmove(void *d, const void *s, size_t n) { return mp_fun_table.memmove_(d, s, n); }",
    "memcpy": "void *memcpy(void *d, const void *s, size_t n) { return mp_fun_table.memmove_(d, s, n); }",
}
# What returns the address of `errno` (newlib, libc/include/sys/errno.h).
_ERRNO = "__errno"
_HEAP = {"malloc": "m_malloc(size)", "calloc": "m_malloc(size), which clears nothing", "free": "m_free(pointer)",
         "realloc": "m_realloc(pointer, size)"}  # fmt: skip
_PRINTED = ("printf", "puts", "putchar", "vprintf", "fprintf")
_FORMATTED = ("sprintf", "snprintf", "vsnprintf", "vsprintf")
# Functions of the C library that need nothing of a system below them.
_PURE = re.compile(
    r"mem(cmp|chr)|str(n?len|n?cmp|n?cpy|n?cat|r?chr|str)|l?abs|l?div|qsort|bsearch|is(alpha|digit|space)|to(low|upp)er"
)
_MATHEMATICAL = re.compile(
    r"(a?(sin|cos|tan)h?|atan2|exp2?|expm1|log(2|10|1p)?|pow|sqrt|cbrt|hypot|fabs|floor|ceil|l?round|trunc|l?rint|"
    r"nearbyint|fmod|remainder|modf|frexp|ldexp|scalbn|copysign|fmin|fmax|fma|erfc?|[tl]gamma)f?"
)
_TIME = re.compile(r"mp_hal_(ticks_us|ticks_ms|ticks_cpu)|mp_hal_delay_(us|ms)")


@dataclass(frozen=True)
class Link:
    """A link that failed: in which folder, with which toolchain (its programs' prefix), flags, and headers."""

    work: Path
    cross: str
    flags: str
    dynruntime: Path

    @property
    def has_runtime(self) -> bool:
        """Return whether the compiler's libraries are linked (``LINK_RUNTIME = 1``)."""
        return "libgcc.a" in self.flags

    def offered(self) -> list[str]:
        """Return the functions of the firmware that native modules can call."""
        return sorted(set(_OFFERED.findall(self.dynruntime.read_text(encoding="utf-8", errors="replace"))))

    def variables(self, name: str, section: str) -> str:
        """Return the variables in a section of an object file, or in one like ``.bss.name``, and where they are."""
        file = self.work / name
        if not file.is_file():
            return ""
        lines = {
            match[1]: match[2] for line in self._ask("nm", "--line-numbers", file) if (match := _PLACE.match(line))
        }
        found = []
        for line in self._ask("objdump", "--syms", file):
            match = _VARIABLE.fullmatch(line)
            if match and re.fullmatch(rf"{re.escape(section)}(\.(?!rel\b).*)?", match[1]):  # also .bss.name
                where = f" ({Path(lines[match[2]]).name})" if match[2] in lines else ""
                found.append(f"`{match[2]}`{where}")
        return ", ".join(found)

    def calls(self, name: str, function: str) -> list[str]:
        """Return the lines of an object file that need a function."""
        file = self.work / name
        if not file.is_file():
            return []
        found: list[str] = []
        place = ""
        for line in self._ask("objdump", "--disassemble", "--line-numbers", "--reloc", file):
            if match := _SOURCE_LINE.fullmatch(line):
                place = f"{Path(match[1]).name}:{match[2]}"
            elif (match := _RELOCATION.match(line)) and match[1] == function and place:
                found.append(place)
        return list(dict.fromkeys(found))

    def needed(self) -> set[str]:
        """Return the functions that the module's own object files need of others."""
        files = [*self.work.rglob("*.o")]
        return {line.split()[-1] for line in self._ask("nm", "--undefined-only", *files) if " U " in line}

    def defined(self, library: str) -> set[str]:
        """Return what a library defines, nothing where it cannot be read."""
        listed = (line.split() for line in self._ask("nm", "--defined-only", library))
        return {words[-1] for words in listed if len(words) == 3}

    def _ask(self, program: str, *arguments: str | Path) -> list[str]:
        return run([f"{self.cross}{program}", *arguments], timeout=_SECONDS).output.splitlines()


def advice(failure: str, link: Link) -> list[str]:
    """Return what to do about a failed build, a paragraph each; nothing where it failed for another reason."""
    return [*dict.fromkeys([*_about_variables(failure, link), *_about_functions(failure, link)])]


def _about_variables(failure: str, link: Link) -> Iterator[str]:
    for match in _STATIC_BSS.finditer(failure):
        which = link.variables(match[1], ".bss") or "the module's variables"
        yield f"Write {which} without `static`: of variables without a value the linker reaches only global ones."
    for match in _NON_EMPTY.finditer(failure):
        which = link.variables(match[1], match[2]) or "the module's variables"
        if not (link.work / match[1]).is_file():
            yield f"{match[1]} of a library has variables with initial values, which native modules cannot have. " + (
                _without_errors(match[1].partition(":")[0], link)
            )
        elif match[2].startswith(".data.rel"):
            yield (
                f"Make {which} `const` (a table of pointers: `*const table[]`), or set what it holds in mpy_init: "
                "native modules have no variables whose initial values are addresses."
            )
        else:
            yield (
                f"Make {which} `const`, or leave it without a value, global and not `static`, and set it in mpy_init: "
                "native modules have no variables with an initial value other than zero."
            )


def _without_errors(library: str, link: Link) -> str:
    """Return how to call functions of newlib's libm without its error handling, which is what has variables there."""
    inner = {name.removeprefix(_INNER) for name in link.defined(library) if name.startswith(_INNER)}
    called = sorted(link.needed() & inner)
    if called and not all(name.startswith("sqrt") for name in called):
        flags = " ".join(f"-D{name}={_INNER}{name}" for name in called)
        names = ", ".join(f"`{name}`" for name in called)
        return (
            f"It is the error handling of {names}, which the functions below them do without: "
            f"`CFLAGS_EXTRA += {flags}`, above the `include`."
        )
    return (
        "It is the C library's error handling, most likely: `CFLAGS_EXTRA += -fno-math-errno`, above the `include`, "
        "makes `sqrtf` and others an instruction of the core."
    )


def _about_functions(failure: str, link: Link) -> Iterator[str]:
    missing: dict[str, list[str]] = {}
    for match in _UNDEFINED.finditer(failure):
        missing.setdefault(match[2], []).extend(link.calls(match[1], match[2]))
    doubles = [name for name in missing if _DOUBLE.fullmatch(name)]
    if doubles:
        places = list(dict.fromkeys(place for name in doubles for place in missing[name]))
        yield (
            f"Double precision{_at(places)}: a constant without `f` (1.1f is a float), a `double`, or a function such "
            f"as `sin` (`sinf` is for floats) makes it so. Where it is meant: {_runtime(link)}"
        )
    for name, places in missing.items():
        if name not in doubles:
            yield f"`{name}`{_at(places)}: {_instead(name, link)}"


def _instead(name: str, link: Link) -> str:
    if name in _FROM_TABLE:
        made = " GCC makes such calls of loops and assignments as well." if name != "memmove" else ""
        return f"the firmware has it. Add to one source: `{_FROM_TABLE[name]}`{made}"
    if name == _ERRNO:
        return (
            "functions of the C library set `errno` where they fail, and native modules have none. Add to one source: "
            "`int errno_here; int *__errno(void) { return &errno_here; }`"
        )
    if name in _HEAP:
        return f"native modules allocate on MicroPython's heap: {_HEAP[name]}. Its collector must see a pointer to it."
    if name in _PRINTED:
        return "print with mp_printf(&mp_plat_print, ...)."
    if name in _FORMATTED:
        return (
            "format with MicroPython: mp_binary_op(MP_BINARY_OP_MODULO, format, value), where format is a str object, "
            "is Python's `format % value`."
        )
    if _PURE.fullmatch(name):
        return f"it is in the C library, which is not linked by itself: {_LINK_LIBC}."
    if name.startswith(("mp_", "m_", "gc_", "qstr_", "vstr_", "nlr_")):
        close = difflib.get_close_matches(name, link.offered(), n=2, cutoff=0.75)
        near = f" It offers {' and '.join(close)}." if close else ""
        return (
            f"native modules can call only what py/dynruntime.h offers.{near} Call Python's function: {_python(name)}."
        )
    if _ARITHMETIC.fullmatch(name) or _MATHEMATICAL.fullmatch(name):
        return _runtime(link)
    return "no source that is linked defines it. Is the file that does among SRC in the Makefile?"


def _python(name: str) -> str:
    match = _TIME.fullmatch(name)
    function = (match[1] or f"sleep_{match[2]}") if match else "FUNCTION"
    module = "time" if match else "MODULE"
    imported = f"mp_import_name(MP_QSTR_{module}, mp_const_none, MP_OBJ_NEW_SMALL_INT(0))"
    return f"`mp_call_function_n_kw(mp_load_attr({imported}, MP_QSTR_{function}), 0, 0, NULL)`"


def _runtime(link: Link) -> str:
    if link.has_runtime:
        return "the compiler's libraries are linked already (LINK_RUNTIME) and do not have it."
    return "`LINK_RUNTIME = 1` in the Makefile, above its `include`, links the compiler's libraries."


def _at(places: Iterable[str]) -> str:
    listed = list(places)
    if not listed:
        return ""
    more = f" and {len(listed) - _PLACES} more" if len(listed) > _PLACES else ""
    return f" ({', '.join(listed[:_PLACES])}{more})"
