"""A Modbus TCP device by pymodbus, for the tests: registers that count, and registers that hold what they are told.

    device.py [PORT]        (0: a free port)

Unit 1 (every unit, in fact). Holding and input registers 0 to 299, coils and discrete inputs 0 to 63.

    holding 0       counts reads of itself
    holding 1       ramp: tenths of a second since the start, modulo 65536
    all others      0, until somebody sets or writes them

stdout has one JSON object a line; "t" is monotonic seconds of this process:

    {"event": "listening", "port": 5020}
    {"event": "read", "t": .., "function": 3, "address": 0, "count": 2}         (after {"log_reads": true})
    {"event": "write", "t": .., "function": 6, "address": 4, "values": [17]}    (every one that is accepted)
    {"event": "done", "number": 7}                                              (answer to a command with a number)

stdin takes one JSON object a line:

    {"set": [10, [16968, 0]]}       puts registers
    {"coils": [3, [true]]}          puts coils
    {"refuse": 2}                   answers everything with this exception; 0 ends it
    {"readonly": [4]}               takes writes to these registers, and keeps the old value
    {"log_reads": true}
"""

import asyncio
import json
import sys
import time

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

started = time.monotonic()
state = {"refuse": 0, "log_reads": False, "readonly": set()}


def say(**event):
    print(json.dumps(event), flush=True)


async def action(function, start, address, count, registers, values):
    if state["refuse"]:
        return ExcCodes(state["refuse"])
    t = round(time.monotonic() - started, 6)
    if values is None or values == []:
        if function == 3 and address == 0:
            registers[0] = (registers[0] + 1) % 65536
        if function == 3:
            registers[1] = int(t * 10) % 65536
        if state["log_reads"]:
            say(event="read", t=t, function=function, address=address, count=count)
        return None
    say(event="write", t=t, function=function, address=address, values=[int(value) for value in values])
    if function in (6, 16):
        for place in range(len(values)):
            if address + place in state["readonly"]:
                values[place] = registers[address + place - start]
    return None


async def obey(server, command):
    memory = server.context.devices[0].block
    if "set" in command:
        address, values = command["set"]
        memory["h"][2][address : address + len(values)] = values
        memory["i"][2][address : address + len(values)] = values
    if "coils" in command:
        address, values = command["coils"]
        for place, value in enumerate(values, address):
            word, bit = divmod(place, 16)
            for table in ("c", "d"):
                cells = memory[table][2]
                cells[word] = (cells[word] & ~(1 << bit)) | (int(bool(value)) << bit)
    state["refuse"] = command.get("refuse", state["refuse"])
    state["log_reads"] = command.get("log_reads", state["log_reads"])
    if "readonly" in command:
        state["readonly"] = set(command["readonly"])
    if "number" in command:
        say(event="done", number=command["number"])


async def main(port):
    registers = [SimData(0, values=0, count=300, datatype=DataType.REGISTERS)]
    bits = [SimData(0, values=False, count=64, datatype=DataType.BITS)]
    device = SimDevice(id=0, simdata=(bits, bits, registers, registers), action=action)
    server = ModbusTcpServer(device, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    say(event="listening", port=server.transport.sockets[0].getsockname()[1])
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        await obey(server, json.loads(line))


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
