# Regions with nothing in them, in native and viper code: the host learns from them what calling the marks takes there.
#
# Runs on MicroPython, as a part of one program: see common.py.


@micropython.native
def empty_native(begin, end):
    begin("")
    end()


@micropython.native
def empty_native_with(region):
    with region():
        pass


@micropython.viper
def empty_viper(begin, end):
    begin("")
    end()


@micropython.viper
def empty_viper_with(region):
    with region():
        pass
