"""Several Modbus units behind one TCP port, by pymodbus: a gateway with a line of devices.

    units.py        (a free port)

stdout and stdin have one JSON object a line; "t" is monotonic seconds of this process:

    {"event": "listening", "port": 5020}
    {"event": "ready"}                                                  (answer to the first line: the units)
    {"event": "asked", "t": .., "unit": 2, "function": 3, "address": 0, "count": 2, "values": []}
    {"event": "done", "number": 7}                                      (answer to a command with a number)

The first line of stdin says what there is: registers by table (h holding, i input) and first address, for each unit. A unit has
the registers that it is given, and answers exception 2 for all others:

    {"units": {"1": {"i": {"12": [16968, 0]}}, "2": {"h": {"0": [1, 2, 3]}}}}

Afterwards:

    {"dead": [2]}                   these units answer nothing at all; [] ends it
    {"bad": {"1": [[5, 6], 4]}}     reads of unit 1 that touch registers 5 to 6 are answered by exception 4
"""

import asyncio
import json
import sys
import time

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

started = time.monotonic()
state = {"dead": set(), "bad": {}}


def say(**event):
    print(json.dumps(event), flush=True)


def table(cells):
    blocks = sorted((int(address), words) for address, words in cells.items())
    return [SimData(address, values=words, datatype=DataType.REGISTERS) for address, words in blocks]


def watch(unit):
    async def action(function, start, address, count, registers, values):
        written = [int(value) for value in values or []]
        say(event="asked", t=round(time.monotonic() - started, 6), unit=unit, function=function, address=address, count=count,
            values=written)
        bad = state["bad"].get(str(unit))
        if bad and address <= bad[0][1] and address + count > bad[0][0]:
            return ExcCodes(bad[1])
        return None

    return action


class Line(ModbusTcpServer):
    """Drops what is meant for dead units before anybody sees it."""

    def callback_new_connection(self):
        connection = super().callback_new_connection()
        send = connection.server_send

        def server_send(pdu, addr, *rest, **more):
            if pdu is not None and pdu.dev_id in state["dead"]:
                return None
            return send(pdu, addr, *rest, **more)

        connection.server_send = server_send
        return connection


async def main():
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    units = json.loads(await stdin.readline())["units"]
    nothing = SimData(65535, values=0, count=1, datatype=DataType.REGISTERS)
    bits = SimData(0, values=False, count=16, datatype=DataType.BITS)
    devices = []
    for unit, tables in units.items():
        holding, inputs = table(tables.get("h", {})), table(tables.get("i", {}))
        cells = ([bits], [bits], holding or [nothing], inputs or [nothing])
        devices.append(SimDevice(id=int(unit), simdata=cells, action=watch(int(unit))))
    server = Line(devices, address=("127.0.0.1", 0), ignore_missing_devices=True)
    await server.serve_forever(background=True)
    say(event="listening", port=server.transport.sockets[0].getsockname()[1])
    while line := await stdin.readline():
        command = json.loads(line)
        if "dead" in command:
            state["dead"] = set(command["dead"])
        state["bad"] = command.get("bad", state["bad"])
        say(event="done", number=command.get("number"))


asyncio.run(main())
