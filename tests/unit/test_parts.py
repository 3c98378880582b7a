"""Parts: what their files say, what is wrong in one, how long code waits, and estimates for them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mpy_harness.cli.app import application
from mpy_harness.costs import estimate
from mpy_harness.costs.constants import constants
from mpy_harness.costs.cycles import BESIDE
from mpy_harness.costs.fitting import predicted
from mpy_harness.costs.limits import Fit
from mpy_harness.costs.part_time import check_same_code, part_time
from mpy_harness.costs.waits import Code, most_waits
from mpy_harness.errors import TargetInvalid
from mpy_harness.resources import targets_dir
from mpy_harness.targets import CodeMemory, Fact, available, available_parts, load_part, load_target

PAGE = Path(__file__).parents[2] / "docs" / "parts.md"
FOLDER = targets_dir() / "parts"
FILE = (FOLDER / "stm32f405.toml").read_text()
COUNTS = {"integer": 10, "load": 4, "store": 2, "branch_taken": 3, "call": 1} | {"load_words": 6, "store_words": 3}


def run(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(application(), list(words), catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.output


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(found[0])


def fact(value: int) -> Fact:
    return Fact(value=value, source="a manual")


# --- the files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", available_parts())
def test_every_fact_has_a_source(name):
    part = load_part(name)
    assert 1_000_000 <= part.clock.value <= 1_000_000_000
    assert 0 < part.room <= part.ram.value
    sources = re.findall(r'(?:source|shared) = "(.*?)"', (FOLDER / f"{name}.toml").read_text())
    assert len(sources) >= 2
    assert all(len(source) > 10 for source in sources)


def without_model(folder: Path) -> Path:
    """Return the file of a part whose core has no cycle model."""
    text = (targets_dir() / "parts" / "esp32.toml").read_text(encoding="utf-8")
    (folder / "older.toml").write_text(text.replace("xtensa-lx6", "xtensa-lx5"), encoding="utf-8")
    return folder / "older.toml"


def test_parts_are_no_targets():
    assert len(available_parts()) >= 9
    assert "parts" not in available()


def test_a_part_has_the_cycle_model_of_its_core_at_its_clock():
    part = load_part("rp2040")
    assert part.cycles is not None
    assert (part.cycles.clock, part.cycles.costs["load"]) == (125_000_000, 2)
    assert load_part("esp32").cycles is not None


def test_a_part_may_have_a_core_without_a_model(tmp_path):
    assert load_part(str(without_model(tmp_path))).cycles is None


def test_the_page_shows_a_part(tmp_path):
    example = block("toml")
    file = tmp_path / "mine.toml"
    file.write_text(example)
    shown, carried = load_part(str(file)), load_part("stm32f405")
    assert shown.name == "mine"
    for key in ("core", "arch", "room"):
        assert getattr(shown, key) == getattr(carried, key)
    for memory in ("firmware", "modules"):
        for key in ("waits", "line", "cache"):
            ours, theirs = (getattr(getattr(part, memory), key) for part in (shown, carried))
            assert (ours and ours.value) == (theirs and theirs.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('core = "cortex-m4"', "", r"core: Field required"),
        ("value = 168_000_000", "", r"clock\.value: Field required"),
        ("value = 168_000_000", "value = 0", r"clock\.value is 0 Hz"),
        ("value = 131_072", "value = -1", r"ram\.value: .*\(it is -1\)"),
        ("value = 131_072", "value = 16_384", r"taken is all of ram"),
        ("value = 131_072", 'value = "128K"', r"ram\.value: .*integer \(it is '128K'\)"),
        (', source = "ST RM0090, section 3.2: lines of 128 bits"', "", r"firmware\.line\.source: Field required"),
        ('memory = "SRAM"', "", r"modules\.memory: Field required"),
        ('memory = "SRAM"', 'memory = "SRAM"\nwait = 1', r"modules\.wait: unknown key"),
        ("line = { value = 4,", "line = { value = 0,", r"modules: waits need line"),
        ('arch = "armv7emsp"', 'arch = "armv7emsp"\nname = "mine"', r"name: is not a key"),
        ('arch = "armv7emsp"', "arch =", r"is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path, old, new, message):
    assert old in FILE
    file = tmp_path / "mine.toml"
    file.write_text(FILE.replace(old, new))
    with pytest.raises(TargetInvalid, match=rf"(?s){file}.*{message}"):
        load_part(str(file))


@pytest.mark.parametrize("name", ["z80", "", "../cores/cortex-m4", "nowhere/mine.toml"])
def test_a_part_that_is_not_there_is_told_with_those_that_are(name):
    with pytest.raises(TargetInvalid, match=rf"no part '{re.escape(name)}'. Known parts: esp32, .*rp2040"):
        load_part(name)


# --- waits ---------------------------------------------------------------------------------------


def test_each_fetch_and_each_turn_waits_and_constants_in_flash_do():
    memory = CodeMemory(memory="flash", waits=fact(5), line=fact(16))
    fetches = 20 * 4 / 16 + 4
    assert most_waits(Code(COUNTS, memory)) == 5 * fetches
    assert most_waits(Code(COUNTS, memory, constants=True)) == 5 * (fetches + 4)


def test_data_on_the_same_bus_are_cycles_without_a_fetch():
    memory = CodeMemory(memory="SRAM", waits=fact(1), line=fact(4), shared="a manual")
    assert most_waits(Code(COUNTS, memory)) == 20 + 4 + 9


def test_what_a_cache_holds_does_not_wait_and_what_it_does_not_waits_in_full():
    memory = CodeMemory(memory="flash", waits=fact(5), line=fact(16), cache=fact(1024))
    assert most_waits(Code(COUNTS, memory, cached=1024)) == 0
    assert most_waits(Code(COUNTS, memory, cached=1025)) == most_waits(Code(COUNTS, memory)) == 5 * 9


def test_without_a_source_it_is_not_known_but_for_what_a_cache_holds():
    assert most_waits(Code(COUNTS, CodeMemory(memory="flash"))) is None
    assert most_waits(Code(COUNTS, CodeMemory(memory="flash", cache=fact(64)), cached=65)) is None
    assert most_waits(Code(COUNTS, CodeMemory(memory="flash", cache=fact(64)), cached=64)) == 0
    assert most_waits(Code(COUNTS, CodeMemory(memory="SRAM", waits=fact(0)))) == 0


# --- estimates -----------------------------------------------------------------------------------


def test_an_estimate_for_a_part_has_its_clock_and_the_constants_of_its_core():
    part, target = estimate("fir_q15:taps=8", part="rp2350"), estimate("fir_q15:taps=8", target="m33")
    assert part.measured_on == "m33"
    assert part.stages[0].instructions == target.stages[0].instructions
    assert part.stages[0].error == pytest.approx(target.stages[0].error + constants().other_firmware)
    assert part.seconds is not None
    assert target.seconds is not None
    assert part.seconds * 150 == pytest.approx(target.seconds * 20)
    assert target.time_above == target.time_error


def test_a_core_without_constants_takes_those_of_its_architecture():
    cost = estimate("fir_q15:taps=8,rate=16000", part="rp2040")
    assert cost.measured_on == "m0"
    assert cost.share is not None
    assert cost.seconds is not None
    assert cost.share == pytest.approx(cost.seconds * 62.5)


def test_an_esp32_has_the_constants_of_its_image():
    cost = estimate("fir_q15:taps=8", part="esp32")
    assert cost.measured_on == "esp32"
    (stage,) = cost.stages
    measured = constants().targets["esp32"].stages["fir_q15"]
    assert stage.error == pytest.approx(measured.errors.known + constants().other_firmware)
    assert stage.instructions == pytest.approx(
        sum(number for name, number in predicted(stage.stage.terms, measured.terms).items() if name not in BESIDE)
    )
    model = load_part("esp32").cycles
    assert model is not None
    assert stage.time_error == pytest.approx(stage.error + model.error)
    assert cost.seconds is not None
    assert stage.instructions / 240e6 < cost.seconds < 3 * stage.instructions / 240e6
    assert cost.untold == ("flash chip on SPI, cached", "SRAM")


def test_an_s3_runs_the_esp32s_modules_and_other_firmware():
    esp32, s3 = (estimate("fir_q15:taps=8", part=name) for name in ("esp32", "esp32s3"))
    assert s3.measured_on == "esp32"
    assert (s3.instructions, s3.flash, s3.heap) == (esp32.instructions, esp32.flash, esp32.heap)
    (stage,) = s3.stages
    assert stage.elsewhere == constants().other_core > constants().other_firmware
    assert stage.error - esp32.stages[0].error == pytest.approx(constants().other_core - constants().other_firmware)
    note = "instructions as on esp32, whose native modules are the same; ±{:g} % of them for other firmware."
    assert note.format(constants().other_core) in run("estimate", "fir_q15:taps=8", "--part", "esp32s3")


def test_waits_move_the_upper_end_alone():
    waits, none = estimate("fir_q15:taps=8", part="stm32f405"), estimate("fir_q15:taps=8", part="rp2350")
    assert waits.time_above is not None
    assert waits.time_error is not None
    assert waits.time_above > 2 * waits.time_error
    assert none.time_above == none.time_error
    assert (waits.untold, none.untold) == ((), ())


def test_the_interpreter_and_the_module_wait_for_their_own_memory(tmp_path):
    def above(firmware: int, modules: int, taps: int) -> float:
        text = re.sub(r"waits = \{ value = 5", f"waits = {{ value = {firmware}", FILE)
        text = re.sub(r"waits = \{ value = 1", f"waits = {{ value = {modules}", text)
        text = re.sub(r"\[firmware\.measured\]\n(.+\n)+", "", text)
        file = tmp_path / "mine.toml"
        file.write_text(re.sub(r"^shared.*", "", text, flags=re.MULTILINE))
        return estimate(f"fir_q15:taps={taps},block=16", part=str(file)).stages[0].waits

    assert above(0, 0, 8) == 0
    assert above(5, 0, 8) > above(5, 0, 200) > 0  # one call: the more the module does, the less it is
    assert above(0, 1, 200) > above(0, 1, 8) > 0
    assert above(5, 1, 8) == pytest.approx(above(5, 0, 8) + above(0, 1, 8))


def test_a_memory_without_waits_is_named():
    assert estimate("iir:sections=3", part="nrf52840").untold == ("flash",)
    text = run("estimate", "iir:sections=3", "--part", "nrf52840")
    assert "nrf52840: how long code waits for flash is not in the time: no source tells it" in text


def test_a_target_or_a_part(tmp_path):
    with pytest.raises(TargetInvalid, match="name one of them"):
        estimate("iir:sections=3", part="rp2040", target="m0")
    text = (FOLDER / "stm32f746.toml").read_text(encoding="utf-8")
    (tmp_path / "dp.toml").write_text(text.replace("armv7emsp", "armv7emdp"), encoding="utf-8")
    with pytest.raises(TargetInvalid, match=r"dp \(cortex-m7, armv7emdp\) was not measured, only on m33"):
        estimate("iir:sections=3", part=str(tmp_path / "dp.toml"))


def test_a_limit_within_the_upper_end_may_not_be_kept():
    assert Fit("time", 100, 150, 10, 40).verdict == "yes"
    assert Fit("time", 100, 139, 10, 40).verdict == "perhaps"
    assert Fit("time", 100, 89, 10, 40).verdict == "no"


# --- what was counted ----------------------------------------------------------------------------


def test_counted_instructions_wait_for_the_memory_that_their_code_is_in():
    part, counts = load_part("stm32f405"), {"integer": 1000, "load words": 0, "store_words": 0, "load_row": 0}
    in_flash, in_ram = part_time(counts, part, 0), part_time(counts, part, 1)
    assert in_flash.time.cycles == in_ram.time.cycles == 1000
    assert in_flash.above == pytest.approx(10 + 110 * 5 * 4 / 16)
    assert in_ram.above == pytest.approx(10 + 110 * 1)
    assert part_time(counts, part, 0.5).above == pytest.approx((in_flash.above + in_ram.above) / 2)
    assert str(in_ram) == "≈ 1 k cycles -10 +120 %, 5.95 µs at 168 MHz"


def test_code_that_a_cache_holds_does_not_wait_where_its_size_is_known():
    part, counts = load_part("rp2350"), {"integer": 1000, "load_words": 0, "store_words": 0, "load_used": 0}
    assert part_time(counts, part, 0, 16_384).untold == ()
    assert str(part_time(counts, part, 0, 16_384)) == "≈ 1 k cycles ±10 %, 6.67 µs at 150 MHz"
    assert part_time(counts, part, 0, 16_385).untold == part_time(counts, part, 0).untold == ("flash chip on QSPI",)


def test_what_is_counted_has_to_be_the_parts_code(tmp_path):
    check_same_code(load_part("rp2350"), load_target("m4"))
    with pytest.raises(TargetInvalid, match=r"rp2040 \(armv6m\) runs other code than m33 \(armv7emsp\).*--target"):
        check_same_code(load_part("rp2040"), load_target("m33"))
    with pytest.raises(TargetInvalid, match="no cycle model of older's core, xtensa-lx5"):
        check_same_code(load_part(str(without_model(tmp_path))), load_target("esp32"))


# --- the commands --------------------------------------------------------------------------------


def test_the_ram_of_a_part_is_a_limit():
    text = run("estimate", "iir:sections=3,rate=16000", "--part", "rp2040", "--target", "m4")
    assert re.search(r"rp2040: fits: [\d,]+ B of RAM, \d+% of 262,144 B", text)
    assert "rp2040: its RAM is 262,144 B; the variables of MicroPython itself lie in that too." in text
    assert not re.search("m4: .*RAM", text)
    text = run("estimate", "iir:sections=3", "--part", "stm32f405")
    assert re.search(r"iir:sections=3 .* -20\.\d \+\d+\.\d %  168 MHz", text)
    assert "its RAM is 114,688 B, without 16,384 B (MicroPython" in text
    assert "does not fit" in run("estimate", "fft:n=65536", "--part", "rp2040", status=1)
    text = run("estimate", "fir:taps=8", "--part", "rp2040", "--ram", "1K", status=1)
    assert re.search(r"does not fit: [\d,]+ B of RAM, \d+% of 1,024 B", text)


def test_json_has_the_part():
    (found,) = json.loads(run("estimate", "fir_q15:taps=8", "--part", "stm32f405", "--clock", "84", "--json"))
    assert (found["target"], found["part"], found["waits_not_told"]) == ("stm32f405", "stm32f405", [])
    assert found["time_above"] > found["time_error"]
    assert found["seconds"] == pytest.approx(2 * (estimate("fir_q15:taps=8", part="stm32f405").seconds or 0))


def test_parts_are_listed_and_shown_with_their_sources():
    lines = run("parts").splitlines()
    assert [line.split()[0] for line in lines[1:]] == available_parts()
    text = run("parts", "rp2040")
    assert "2.6.3.1" in text
    assert re.search(r"taken of it, B +not known: no source", text)
    assert json.loads(run("parts", "rp2040", "--json"))[0]["clock"]["value"] == 125_000_000


def test_the_pages_commands_run():
    for line in block("console").splitlines():
        assert run(*shlex.split(line.removeprefix("$ mpy-harness ")))
