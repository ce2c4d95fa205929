"""A serial line with pymodbus units on it, for the tests: two pseudo-terminals with a wire between them.

    serial_line.py LINK [UNIT ...]      (LINK: a path that will lead to the near end; units 1 and 2 by default)

Every unit has holding registers 0 to 199; register N of unit U holds U * 1000 + N. A unit that isn't there is silent.

stdout has one JSON object a line: {"event": "listening"}, {"event": "done", "number": 7}
stdin takes one JSON object a line:

    {"noise": 0.2}          in so many of its pieces the wire adds, flips or swallows bytes on their way back; 0 ends it
    {"cut": true}           nothing passes the wire any more; false ends it
    {"set": [1, 10, [5]]}   puts registers of a unit
"""

import asyncio
import json
import logging
import os
import random
import sys
import tty

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

# It complains of every request to a unit that isn't there.
logging.getLogger("pymodbus_internal").disabled = True
logging.disable(logging.CRITICAL)
state = {"noise": 0.0, "cut": False}
# The same noise in every run.
dice = random.Random(4711)


def say(**event):
    print(json.dumps(event), flush=True)


def terminal():
    near, far = os.openpty()
    tty.setraw(near)
    tty.setraw(far)
    return near, far


def noisy(data):
    if dice.random() >= state["noise"]:
        return data
    data = bytearray(data)
    place = dice.randrange(len(data))
    match dice.randrange(4):
        case 0:
            data[place] ^= 1 << dice.randrange(8)
        case 1:
            del data[place:]
        case 2:
            data[:0] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 9)))
        case 3:
            data[place:place] = bytes([dice.randrange(256)])
    return bytes(data)


def join(here, there, change):
    def pass_on():
        data = os.read(here, 4096)
        if data and not state["cut"] and (data := change(data)):
            os.write(there, data)

    asyncio.get_running_loop().add_reader(here, pass_on)


async def main(link, units):
    ours, station = terminal()
    wire, device = terminal()
    join(ours, wire, lambda data: data)
    join(wire, ours, noisy)
    devices = [
        SimDevice(id=unit, simdata=[SimData(0, values=[unit * 1000 + n for n in range(200)], datatype=DataType.REGISTERS)])
        for unit in units
    ]
    server = ModbusSerialServer(
        devices,
        framer=FramerType.RTU,
        port=os.ttyname(device),
        baudrate=115200,
        parity="N",
        # It would answer for units that aren't there.
        trace_packet=lambda sending, data: b"" if sending and data[0] not in units else data,
    )
    await server.serve_forever(background=True)
    os.symlink(os.ttyname(station), link)
    say(event="listening", port=0)
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        command = json.loads(line)
        state.update({key: command[key] for key in state if key in command})
        if "set" in command:
            unit, address, values = command["set"]
            memory = server.context.devices[unit].block
            memory["h"][2][address : address + len(values)] = values
        if "number" in command:
            say(event="done", number=command["number"])


asyncio.run(main(sys.argv[1], [int(unit) for unit in sys.argv[2:]] or [1, 2]))
