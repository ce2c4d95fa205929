"""How many records a second EPICS base processes on one core: the peer of the tag engine.

Needs `pip install epicscorelibs` (EPICS base as Python wheels). Only the calls that start a chain of 100 records come
from Python, all processing is EPICS's own. A record does what a tag does: a number that is another one each time, scaled,
held against four limits with hysteresis, deadbands for monitors and archive, severity and time stamp.

Prints `ready`; then for each line on stdin processes every record once in random order, and prints records a second, with
the time stamp asked from the clock as usual, and with `TSE -2`, which leaves that out.
"""

import ctypes
import os
import random
import sys
import tempfile
import time

from epicscorelibs import ioc

RECORDS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
CHAIN = 100

RECORD = """record(calc, "{name}") {{
  field(A, "{seed}") field(CALC, "A:=(A*1229+3571)%16500;A*0.00625-1")
  field(HIHI, "95") field(HIGH, "90") field(LOW, "10") field(LOLO, "5") field(HYST, "1")
  field(HHSV, "MAJOR") field(HSV, "MINOR") field(LSV, "MINOR") field(LLSV, "MAJOR")
  field(MDEL, "0.5") field(ADEL, "0.5") field(TSE, "{tse}") {link}
}}
"""


def database(path, prefix, tse, order):
    with open(path, "w") as out:
        for place, number in enumerate(order):
            is_last = place % CHAIN == CHAIN - 1 or place == len(order) - 1
            link = "" if is_last else 'field(FLNK, "%s%d")' % (prefix, order[place + 1])
            out.write(RECORD.format(name="%s%d" % (prefix, number), seed=number % 16500, tse=tse, link=link))


class Address(ctypes.Structure):
    """The head of EPICS's dbAddr."""

    _fields_ = [("precord", ctypes.c_void_p), ("rest", ctypes.c_char * 256)]


def heads(prefix, order):
    found = []
    for place in range(0, len(order), CHAIN):
        address = Address()
        if ioc.dbCore.dbNameToAddr(b"%s%d" % (prefix.encode(), order[place]), ctypes.byref(address)):
            raise SystemExit("EPICS does not know its own record")
        found.append(ctypes.c_void_p(address.precord))
    return found


def rate(chains):
    lock, process, unlock = ioc.dbCore.dbScanLock, ioc.dbCore.dbProcess, ioc.dbCore.dbScanUnlock
    begin = time.perf_counter()
    for head in chains:
        lock(head)
        process(head)
        unlock(head)
    return RECORDS / (time.perf_counter() - begin)


def main():
    order = list(range(RECORDS))
    random.Random(1).shuffle(order)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("clock.db", "bare.db")]
        database(paths[0], "c", 0, order)
        database(paths[1], "b", -2, order)
        sys.stdout.flush()
        keep = os.dup(1)
        os.dup2(2, 1)
        ioc.start_ioc(dbs=[(path, "") for path in paths])
        os.dup2(keep, 1)
    chains = [heads("c", order), heads("b", order)]
    print("ready", flush=True)
    for _ in sys.stdin:
        print("%.0f %.0f" % (rate(chains[0]), rate(chains[1])), flush=True)
    os._exit(0)


main()
