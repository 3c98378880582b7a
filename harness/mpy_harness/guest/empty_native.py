# Regions with nothing in them, in code for the core itself: what the calls of the marks take from there.


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
