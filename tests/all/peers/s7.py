"""A Siemens S7 controller, by python-snap7's server.

    s7.py PORT

Data block 10 has 200 bytes, data block 11 has 20; merkers and inputs have 64 bytes each. Byte i of data block 10 holds i at
first. stdout has a JSON object a line: {"listening": 1102}, and whenever data block 10 or the merkers have changed
{"db10": "hex", "merkers": "hex"}.
"""

import json
import sys
import time

import snap7
from snap7.type import SrvArea

port = int(sys.argv[1])
db10, db11, merkers, inputs = bytearray(range(200)), bytearray(20), bytearray(64), bytearray(64)
inputs[4] = 0b0000_0100
server = snap7.Server(log=False)
server.register_area(SrvArea.DB, 10, db10)
server.register_area(SrvArea.DB, 11, db11)
server.register_area(SrvArea.MK, 0, merkers)
server.register_area(SrvArea.PE, 0, inputs)
server.start_to("127.0.0.1", tcp_port=port)
print(json.dumps({"listening": port}), flush=True)
told = None
while True:
    now = {"db10": db10.hex(), "merkers": merkers.hex()}
    if now != told:
        told = now
        print(json.dumps(now), flush=True)
    time.sleep(0.02)
