"""What the parts could do at best: a bare consumer at the same broker, and bare COPY into a table like the real one."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from psycopg import sql

from contracts.kinds import Lane
from contracts.messages import LiftSample, Telemetry, decode
from ingest.normalise import Row, lift_row
from ingest.tables import TABLES
from runtime.db import Role, connect
from runtime.load.generator import SPAWN, TEXT, Board, Plan, generate, live, new_board
from runtime.load.payload import Template, fleet, instant, templates
from runtime.settings import BrokerSettings, DatabaseSettings

ROOT = "sunlit-bench/v1"
"""topics that no ingest listens to"""
IN_FLIGHT = 1000
BEGIN_S = 30.0
WARM_UP_S = 1.0
TABLE = sql.Identifier("sunlit_bench_copy")


class LimitError(RuntimeError):
    """A limit that could not be measured; the text says why."""


def consume(broker: BrokerSettings, board: Board) -> None:
    """The work of the bare consumer's process: decodes, drops and acknowledges until `board.stop` is set."""
    going = live(board)
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        protocol=MQTTProtocolVersion.MQTTv5 if broker.protocol == 5 else MQTTProtocolVersion.MQTTv311,
        manual_ack=True,
    )
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password.get_secret_value() if broker.password else None)
    if broker.tls_ca is not None:
        client.tls_set(ca_certs=str(broker.tls_ca))

    def take(_: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        decode(Lane.TELEMETRY, bytes(message.payload))
        client.ack(message.mid, message.qos)
        board.accepted += 1

    def subscribe(*_: object) -> None:
        client.subscribe(f"{ROOT}/+/+/+/{Lane.TELEMETRY}", qos=1)

    client.on_message = take
    client.on_connect = subscribe
    client.on_subscribe = lambda *_: setattr(board, "begun", 1)
    properties = None
    if broker.protocol == 5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = IN_FLIGHT
    try:
        client.connect(broker.host, broker.port, properties=properties)
    except OSError as error:
        board.error = f"broker {broker.host}:{broker.port} cannot be reached: {error}".encode()[: TEXT - 1]
        return
    while going():
        client.loop(0.1)
    client.disconnect()


def bare_consumer(plan: Plan, seconds: float, backlog: int) -> float:
    """Messages a second that one bare consumer takes from the broker at full speed. Raises LimitError."""
    taken, made = new_board(), new_board()
    consumer = SPAWN.Process(target=consume, args=(plan.broker, taken), daemon=True)
    whole = plan._replace(rate=0.0, seconds=seconds + 2 * BEGIN_S, root=ROOT)
    generator = SPAWN.Process(target=generate, args=(whole, made), daemon=True)
    consumer.start()
    try:
        _wait(lambda: taken.begun != 0, consumer, taken)
        made.allowed = backlog
        generator.start()
        _wait(lambda: taken.accepted > 0, generator, made)
        _feed(taken, made, backlog, WARM_UP_S)
        before, began = taken.accepted, time.monotonic()
        _feed(taken, made, backlog, seconds)
        rate = (taken.accepted - before) / (time.monotonic() - began)
    finally:
        taken.stop = made.stop = 1
        for process in (generator, consumer):
            if process.pid is not None:
                process.join(10)
                process.kill()
    if made.error:
        raise LimitError(made.error.decode())
    return rate


def _feed(taken: Board, made: Board, backlog: int, seconds: float) -> None:
    """Lets the generator run so far ahead of the consumer for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not made.error:
        made.allowed = taken.accepted + backlog
        time.sleep(0.02)


def _wait(seen: Callable[[], bool], process: BaseProcess, board: Board) -> None:
    end = time.monotonic() + BEGIN_S
    while not seen():
        over = time.monotonic() > end or not process.is_alive()
        if board.error:
            raise LimitError(board.error.decode())
        if over:
            raise LimitError(
                f"bare consumer: gets nothing on {ROOT}/# in {BEGIN_S:g} s; may this account write and read there?"
            )
        time.sleep(0.01)


def bare_copy(database: DatabaseSettings, plan: Plan, seconds: float, batch: int) -> float:
    """Rows a second that binary COPY alone writes, `batch` messages a transaction, into a table with the same key."""
    columns = TABLES["lift_sample"]
    listed = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(TABLE, listed)
    drop = sql.SQL("DROP TABLE IF EXISTS {}").format(TABLE)
    made = [parts for _, parts in templates(fleet(plan.devices), plan.boot, plan.samples)]
    rows, spent, number = 0, 0.0, 0
    with connect(database, Role.OWNER) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE TABLE {} (LIKE lift_sample INCLUDING ALL)").format(TABLE))
        try:
            while spent < seconds:
                content = _rows(made, number, batch)
                number += batch
                began = time.monotonic()
                # Outside a transaction block the statement is its own transaction.
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    copy.set_types([kind for _, kind in columns])
                    for row in content:
                        copy.write_row(row)
                spent += time.monotonic() - began
                rows += len(content)
        finally:
            connection.execute(drop)
    return rows / spent


def _rows(made: Sequence[Template], first: int, count: int) -> list[Row]:
    """The rows of `count` messages of the fleet, from message `first` on."""
    now = datetime.now(UTC)
    base = instant(int(now.timestamp() * 1000))
    rows: list[Row] = []
    for number in range(first, first + count):
        turn, device = divmod(number, len(made))
        message = decode(Lane.TELEMETRY, made[device].fill(str(turn).encode(), base))
        assert isinstance(message, Telemetry)
        for n, sample in enumerate(message.samples):
            assert isinstance(sample, LiftSample)
            rows.append(lift_row(device + 1, message, n, sample, now))
    return rows
