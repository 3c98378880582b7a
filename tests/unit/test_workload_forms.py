from __future__ import annotations

import pytest

from mpy_harness.errors import NatmodInvalid
from mpy_harness.resources import natmods_dir
from mpy_harness.workloads.forms import Form, forms_in


def test_files_are_forms_by_their_names(tmp_path):
    for name in ("bytecode", "bytecode_fused", "native", "viper", "viper_fixed", "asm_thumb", "asm_rv32"):
        (tmp_path / f"{name}.py").touch()
    for name in ("workload", "vectors", "test_it", "viperish"):
        (tmp_path / f"{name}.py").touch()
    assert sorted(forms_in(tmp_path)) == ["@native", "asm", "fixed", "fused", "python", "viper"]
    assert forms_in(tmp_path)["fixed"].file == tmp_path / "viper_fixed.py"


def test_a_native_module_is_a_form_and_so_is_its_twin(tmp_path):
    forms = forms_in(tmp_path, "iir")
    assert forms == {
        "native": Form("native", natmod="iir"),
        "python": Form("python", natmod="iir", twin=True, file=natmods_dir() / "iir" / "iir_python.py"),
    }
    (tmp_path / "bytecode.py").touch()
    assert forms_in(tmp_path, "iir")["python"] == Form("python", file=tmp_path / "bytecode.py")


def test_a_native_module_of_its_own(tmp_path):
    (tmp_path / "natmod").mkdir()
    assert forms_in(tmp_path) == {"native": Form("native", natmod=tmp_path / "natmod")}


def test_native_is_bytecode_with_functions_decorated(tmp_path):
    file = tmp_path / "bytecode.py"
    file.write_text("def run_all(x):\n    pass\n\nclass F:\n    def run(self, x):\n        return x\n")
    form = forms_in(tmp_path, decorated=["run"])["@native"]
    text = "def run_all(x):\n    pass\n\nclass F:\n    @micropython.native\n    def run(self, x):\n        return x\n"
    assert form.source().decode() == text
    with pytest.raises(ValueError, match=r"bytecode\.py has 0 functions 'walk' to decorate, not one"):
        forms_in(tmp_path, decorated=["walk"])["@native"].source()
    file.unlink()
    with pytest.raises(NatmodInvalid, match="has no bytecode whose functions run could be decorated"):
        forms_in(tmp_path, decorated=["run"])


def test_neighbours_are_what_is_imported_from_the_package(tmp_path):
    package, folder = tmp_path / "cases", tmp_path / "cases" / "sums" / "cumsum"
    folder.mkdir(parents=True)
    for place in (package, package / "sums", folder):
        (place / "__init__.py").touch()
    (folder / "viper.py").write_text(
        "import sys\nfrom steps import step\nimport outside, sums\nfrom array import array\n"
        "@micropython.viper\ndef f(x: ptr8):\n    import late\n"
    )
    (folder / "steps.py").write_text("from tables import *\nimport steps\n")
    (folder / "unused.py").touch()
    for name in ("tables", "steps", "late"):
        (package / f"{name}.py").write_text("")
    (tmp_path / "outside.py").touch()  # above the package
    neighbours = forms_in(folder)["viper"].neighbours()
    assert sorted(neighbours) == sorted([folder / "steps.py", package / "tables.py", package / "late.py"])
    (folder / "viper.py").write_text("def (")
    assert forms_in(folder)["viper"].neighbours() == []  # the guest will say what is wrong
    assert Form("native", natmod="iir").neighbours() == []
