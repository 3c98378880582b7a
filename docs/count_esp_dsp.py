"""Count the functions of espressif/esp-dsp whose cycles it tells: in plain C, and in assembler for Xtensa."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from docs.count_without_waits import Counted, counts_of, run
from mpy_harness.counting.count import Count
from mpy_harness.machines.espressif.release import RELEASES, find
from mpy_harness.resources import targets_dir
from mpy_harness.targets import Target, load_target

_MAIN = Path(__file__).with_name("counted_dsp.c")
#: The ESP32's core without MicroPython, in Espressif's QEMU.
LX6 = Path(__file__).parent / "xtensa" / "lx6"
_FUNCTIONS = (
    *("dotprod/float/dsps_dotprod_f32", "dotprod/float/dsps_dotprode_f32", "dotprod/fixed/dsps_dotprod_s16"),
    *("dotprod/fixed/dspi_dotprod_s8", "dotprod/fixed/dspi_dotprod_off_s8", "dotprod/fixed/dspi_dotprod_s16"),
    *("dotprod/fixed/dspi_dotprod_off_s16", "fir/float/dsps_fir_f32", "fir/float/dsps_fird_f32"),
    *("fft/float/dsps_fft2r_fc32", "fft/float/dsps_fft4r_fc32", "fft/fixed/dsps_fft2r_sc16"),
    *("iir/biquad/dsps_biquad_f32", "matrix/mul/float/dspm_mult_f32", "matrix/mul/fixed/dspm_mult_s16"),
)
_ASSEMBLER = (
    *(f"{name}_ae32" for name in _FUNCTIONS if "dspi" not in name and "_fc32" not in name),
    *("fft/float/dsps_fft2r_fc32_ae32_", "fft/float/dsps_fft4r_fc32_ae32_"),
    *(f"matrix/mul/float/dspm_mult_{size}_f32_ae32" for size in ("3x3x1", "3x3x3", "4x4x1", "4x4x4")),
)
_OTHERS = (
    *("fir/float/dsps_fir_init_f32", "fir/float/dsps_fird_init_f32", "iir/biquad/dsps_biquad_gen_f32"),
    *("fft/float/dsps_fft2r_bitrev_tables_fc32", "fft/float/dsps_fft4r_bitrev_tables_fc32"),
)
#: What the library includes of ESP-IDF, with what it needs of that.
_IDF = {
    "esp_idf_version.h": "#define ESP_IDF_VERSION_VAL(a, b, c) ((a) << 16 | (b) << 8 | (c))\n"
    "#define ESP_IDF_VERSION ESP_IDF_VERSION_VAL(5, 5, 0)\n",
    "esp_cpu.h": "",
    "esp_attr.h": "#define IRAM_ATTR\n",
    "esp_err.h": "#include <math.h>\n#include <stddef.h>\ntypedef int esp_err_t;\n#define ESP_OK 0\n",
    "esp_log.h": "#define ESP_LOGE(...)\n#define ESP_LOGW(...)\n#define ESP_LOGI(...)\n#define ESP_LOGD(...)\n",
    "xtensa/config/core-matmap.h": "",
}
_CHOSEN = "#define CONFIG_DSP_MAX_FFT_SIZE 4096\n#define CONFIG_DSP_{} 1\n"


def on_risc_v(checkout: Path, level: str, folder: Path) -> Counted:
    """Return what the functions take in plain C on a RISC-V core with single-precision floats."""
    target = any_extension(folder, "-march=rv32imafc -mabi=ilp32f -misa-spec=2.2")
    return _counted(run(target, _sources(checkout), [level, "-w"], folder, _include(checkout, folder, "ANSI")))


def on_xtensa(checkout: Path, level: str, folder: Path) -> Counted:
    """Return what the functions take in plain C on the ESP32's core."""
    target = lx6()
    return _counted(run(target, _sources(checkout), [level, "-w"], folder, _include(checkout, folder, "ANSI")))


def in_assembler(checkout: Path, folder: Path) -> Counted:
    """Return what the functions take on the ESP32's core in the assembler that the library has for it."""
    target, include = lx6(), _include(checkout, folder, "OPTIMIZED")
    with (folder / "idf" / "sdkconfig.h").open("a", encoding="utf-8") as config:
        config.write("#define CONFIG_IDF_TARGET_ESP32 1\n")
    files = [*_sources(checkout), *_wrapped(target, checkout, include, folder)]
    return _counted(run(target, files, ["-O2", "-w"], folder, include))


def lx6() -> Target:
    """Return the ESP32's core for plain C, and let its emulator be the first of its name."""
    qemu = find(RELEASES["qemu-system-xtensa"], "esp32", "esp32")
    os.environ["PATH"] = f"{qemu.parent}{os.pathsep}{os.environ['PATH']}"
    return load_target(str(LX6))


def any_extension(folder: Path, flags: str = "-march=rv32imc -mabi=ilp32 -misa-spec=2.2") -> Target:
    """Return the board of ``rv32`` with a core that has any extension, and what its compiler is told."""
    text = (targets_dir() / "rv32" / "target.toml").read_text(encoding="utf-8")
    text = text.replace('"lowrisc-ibex"', '"rv32"')
    own = folder / "own"
    own.mkdir(exist_ok=True)
    text = text.replace('chip = "virt"', f'chip = "virt"\nflags = "{flags}"')
    (own / "target.toml").write_text(text, encoding="utf-8")
    return load_target(str(own))


def _sources(checkout: Path) -> list[Path]:
    names = [*(f"{name}_ansi.c" for name in _FUNCTIONS), *(f"{name}.c" for name in _OTHERS)]
    return [_MAIN, *(checkout / "modules" / name for name in names)]


def _include(checkout: Path, folder: Path, chosen: str) -> list[Path]:
    idf = folder / "idf"
    for name, text in {**_IDF, "sdkconfig.h": _CHOSEN.format(chosen)}.items():
        (idf / name).parent.mkdir(parents=True, exist_ok=True)
        (idf / name).write_text(text, encoding="utf-8")
    return [idf, *sorted((checkout / "modules").glob("**/include"))]


def _wrapped(target: Target, checkout: Path, include: list[Path], folder: Path) -> Iterator[Path]:
    # A program is made of C alone: the preprocessed assembler is what a C file consists of.
    modules = checkout / "modules"
    folders = [*include, modules / "dotprod" / "float", modules / "dotprod" / "fixed"]
    for name in _ASSEMBLER:
        source = modules / f"{name}.S"
        command = [f"{target.cross}gcc", "-E", "-P", *(f"-I{each}" for each in folders), str(source)]
        text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        assembler, file = folder / f"{source.stem}.s", folder / f"{source.stem}.c"
        assembler.write_text(re.sub(r"//.*", "", text), encoding="utf-8")
        file.write_text(f'__asm__(".include \\"{assembler}\\"");\n', encoding="utf-8")
        yield file


def _counted(count: Count) -> Counted:
    return {str(each.name): {"counts": counts_of(each)} for each in count.regions}
