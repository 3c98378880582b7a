# Runs in Renode (IronPython 2), below a line that sets FILE: runs that file here, so that what is included later finds
# its names, and says in which line it failed.
import sys


def _include(file):
    line = 0
    try:
        execfile(file, globals())
        return
    except SyntaxError as error:
        line, said = error.lineno, str(error.msg)
    except Exception as error:
        trace = sys.exc_info()[2]
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == file:
                line = trace.tb_lineno
            trace = trace.tb_next
        said = "%s: %s" % (type(error).__name__, error)
    raise Exception("%s, line %d: %s" % (file, line, said))


_include(FILE)
