"""A Modbus server in a process of its own: `python modbus_box.py PORT | SERIAL`, with registers from standard input.

Each line is a JSON object: {"input": {"100": 1}, "discrete": {"0": 1}}. It is merged into what the box holds.
"""

import asyncio
import json
import sys
import threading
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
HELD: dict[str, dict[int, int]] = {table: {} for table in TABLES.values()}
BITS = ("coil", "discrete")


async def answer(
    function: int, start: int, address: int, count: int, registers: list[int], written: list[int] | list[bool] | None
) -> ExcCodes | None:
    """Puts what is held into the answer; an address that is not held is refused, as by a real box."""
    held = HELD[TABLES[function]]
    if any(address + n not in held for n in range(count)):
        return ExcCodes.ILLEGAL_ADDRESS
    for n in range(count):
        registers[address - start + n] = held[address + n]
    return None


def listen() -> None:
    for line in sys.stdin:
        for table, values in json.loads(line).items():
            HELD[table].update({int(address): value for address, value in values.items()})
        print("ok", flush=True)


async def main(where: str) -> None:
    bits = [SimData(0, values=[False] * 400, datatype=DataType.BITS)]
    words = [SimData(0, count=400, values=0, datatype=DataType.REGISTERS)]
    device = SimDevice(id=1, simdata=(bits, bits, words, words), action=answer)
    server: Any
    if where.isdigit():
        server = ModbusTcpServer(device, address=("127.0.0.1", int(where)))
    else:
        server = ModbusSerialServer(device, port=where, baudrate=9600)
    threading.Thread(daemon=True, target=listen).start()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
