"""The MQTT connection of a process: keeps itself connected, hands over messages, and acknowledges when told to."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from runtime.mqtt_loop import MqttLoop, ReadAhead, jittered_pause
from runtime.settings import BrokerSettings
from runtime.tls import Files, Tls

log = logging.getLogger(__name__)
client_log = logging.getLogger(f"{__name__}.client")
# The client talks of every packet, and of lost connections, of which we speak ourselves; people need only the handlers
# that failed.
client_log.setLevel(logging.ERROR)
client_log.addFilter(lambda record: record.getMessage().startswith("Caught exception"))
KEEPALIVE_S = 15
QOS = 1
NO_SUBSCRIBERS = 0x10
NOT_AUTHORISED = 0x87
TAKEN_OVER = 0x8E
BRIEF_S, THRICE = 5.0, 3
"""connections so brief, so many in a row, that somebody else must use the same name"""
HEAD_BYTES = 64
"""what a packet may hold beside topic and payload, with room to spare"""


class Refused(NamedTuple):
    """A message that the broker did not take: `code` is MQTT 5's reason, `text` its name."""

    mid: int
    code: int
    text: str


class Incoming(NamedTuple):
    """A message as it came; hand it back to `Bus.ack` once its content is safe."""

    topic: str
    payload: bytes
    mid: int
    qos: int
    retain: bool = False
    """kept by the broker from before we asked: of unknown age"""


class Bus:
    """One MQTT session with a thread of its own. Nothing happens before `start`.

    With `manual_ack` a message is acknowledged by `ack` alone, and what was not is delivered again after a reconnect.
    `acks` yields the ids that `publish` gave, once the broker has acknowledged them: match ids in the one thread that
    publishes and reads `acks`, because an acknowledgement can arrive before `publish` returns. `unheard` yields those
    that the broker has taken for nobody: no session, present or away, listens there, and the message is gone.
    `refused` yields those that it did not take at all: not allowed there, most of all. None of the two is delivered.
    `leaving` unsubscribes and takes only what still waits in the session.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        *,
        subscriptions: Sequence[str] = (),
        on_message: Callable[[Incoming], None] | None = None,
        manual_ack: bool = False,
        receive_maximum: int = 65535,
        session_expiry_s: int = 0,
        will: tuple[str, bytes] | None = None,
        on_connection: Callable[[bool], None] | None = None,
        leaving: bool = False,
    ) -> None:
        self.settings = settings
        self.client_id = client_id
        self.acks: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.unheard: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.refused: queue.SimpleQueue[Refused] = queue.SimpleQueue()
        self._subscriptions = dict.fromkeys(subscriptions, not leaving)
        self._asked: list[str] = []
        self._on_message = on_message
        self._on_connection = on_connection
        self._receive_maximum = receive_maximum
        self._session_expiry_s = session_expiry_s
        self._said, self._said_files = "", ""
        self._largest: int | None = None
        ca = settings.tls_ca
        self._tls = None if ca is None else Tls(Files(ca, settings.tls_cert, settings.tls_key))
        self._handled = 0
        self._up, self._asking = False, threading.Lock()
        self._taken_over, self._had_refusal, self._since, self._brief = False, False, 0.0, 0
        self._client = self._make_client(manual_ack)
        self._loop = MqttLoop(self._client, lambda: self._handled, self._failed, self._pause_s)
        if will is not None:
            self._client.will_set(will[0], will[1], qos=QOS, retain=True)

    def _make_client(self, manual_ack: bool) -> ReadAhead:
        modern = self.settings.protocol == 5
        client = ReadAhead(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if modern else MQTTProtocolVersion.MQTTv311,
            # In MQTT 5 the session's life is the expiry; 3.1.1 knows only "clean or for ever".
            clean_session=None if modern else self._session_expiry_s == 0,
            manual_ack=manual_ack,
        )
        client.max_inflight_messages_set(1000)
        if self.settings.username is not None:
            password = self.settings.password
            client.username_pw_set(self.settings.username, password.get_secret_value() if password else None)
        if self._tls is not None:
            client.tls_set_context(self._tls.context)
            client.on_pre_connect = self._before_connect
        # A handler that fails on one message must not end the thread that all others come through.
        client.suppress_exceptions = True
        client.enable_logger(client_log)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_publish = self._published
        client.on_subscribe = self._subscribed
        return client

    def start(self) -> None:
        """Begins to connect, and keeps trying for as long as it takes."""
        options: dict[str, Any] = {}
        if self.settings.protocol == 5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = self._session_expiry_s
            properties.ReceiveMaximum = self._receive_maximum
            options = {"properties": properties, "clean_start": self._session_expiry_s == 0}
        self._client.connect_async(self.settings.host, self.settings.port, keepalive=KEEPALIVE_S, **options)
        self._loop.start()

    def stop(self, *, end_session: bool = False) -> None:
        """Says good-bye to the broker (the last will is not sent) and ends the thread.

        With `end_session` the broker forgets the session, and whatever may still wait in it.
        """
        properties = None
        if end_session and self.settings.protocol == 5:
            properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0
        self._client.disconnect(properties=properties)
        self._loop.stop()

    @property
    def connected(self) -> bool:
        # The library goes on to call itself connected after some ways of losing the connection.
        return self._up

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Sends at QoS 1. Returns the id that `acks` will yield, or None when there is no connection to send on.

        What is larger than the broker takes is not sent: None as well, ask `fits` first.
        """
        if not self.connected or not self.fits(topic, payload):
            return None
        sent = self._client.publish(topic, payload, qos=QOS, retain=retain)
        return sent.mid if sent.rc in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_NO_CONN) else None

    def fits(self, topic: str, payload: bytes) -> bool:
        """Whether the broker takes a message of this size; it would end the connection over a larger one."""
        return self._largest is None or len(topic.encode()) + len(payload) + HEAD_BYTES <= self._largest

    def listen(self, topics: Sequence[str], wanted: bool) -> None:
        """Stops asking for some of the subscriptions, or asks again; what waits in the session comes all the same."""
        with self._asking:
            self._subscriptions.update(dict.fromkeys(topics, wanted))
            if self.connected:
                self._ask()

    def _ask(self) -> None:
        wanted = [topic for topic, wanted in self._subscriptions.items() if wanted]
        if unwanted := [topic for topic in self._subscriptions if topic not in wanted]:
            self._client.unsubscribe(unwanted)
        self._asked = wanted
        # A session that goes on has had the retained messages: a city's are too many to be sent at every reconnect.
        options = SubscribeOptions(qos=QOS, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        if wanted and self.settings.protocol == 5:
            self._client.subscribe([(topic, options) for topic in wanted])
        elif wanted:
            self._client.subscribe([(topic, QOS) for topic in wanted])

    def ack(self, incoming: Incoming) -> None:
        """Tells the broker that a message is safe and need not be delivered again."""
        self._client.ack(incoming.mid, incoming.qos)

    def _connected(
        self, client: mqtt.Client, _: Any, __: mqtt.ConnectFlags, reason: ReasonCode, told: Properties | None
    ) -> None:
        self._largest = getattr(told, "MaximumPacketSize", None)
        if reason.is_failure:
            self._say(logging.ERROR, f"broker {self._address} refuses {self.client_id}: {reason}; check [broker]")
            return
        self._since, self._had_refusal = time.monotonic(), False
        with self._asking:
            self._up = True
            self._ask()
        if self._brief < THRICE:
            self._say(logging.INFO, f"connected to broker {self._address} as {self.client_id}")
        if self._on_connection is not None:
            self._on_connection(True)

    def _disconnected(
        self, _: mqtt.Client, __: Any, ___: mqtt.DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        self._up = False
        self._taken_over = reason.value == TAKEN_OVER
        # Some brokers end the connection over a message that they refuse: that is no stranger with our name.
        brief = reason.is_failure and not self._had_refusal and time.monotonic() - self._since < BRIEF_S
        self._brief = self._brief + 1 if brief else 0
        # Older brokers break off without a word when another connection takes the name.
        if self._taken_over or self._brief >= THRICE:
            self._say(logging.ERROR, f"another connection uses the name {self.client_id}? is it running twice?")
        elif reason.is_failure:
            why = self._refusal() or str(reason)
            self._say(logging.WARNING, f"lost broker {self._address} ({why}); trying again")
        if self._on_connection is not None:
            self._on_connection(False)

    def _pause_s(self, failures: int) -> float:
        # Two who take each other's session in turn do no harm, but no work either.
        return jittered_pause(failures, first_s=15 if self._taken_over else 1)

    def _failed(self) -> None:
        why = self._refusal() or "is it running?"
        self._say(logging.WARNING, f"broker {self._address} cannot be reached; {why}; trying again")

    def _before_connect(self, _: mqtt.Client, __: Any) -> None:
        assert self._tls is not None
        self._tls.refused = ""
        fault = self._tls.refresh()
        if fault and fault != self._said_files:
            # Apart from the rest: what the broker says of the old files comes in between.
            log.error("broker %s: %s; going on with what was there before", self._address, fault)
        self._said_files = fault

    def _refusal(self) -> str:
        return "" if self._tls is None else self._tls.refused

    def _received(self, _: mqtt.Client, __: Any, message: mqtt.MQTTMessage) -> None:
        self._handled += 1
        if self._on_message is not None:
            self._on_message(Incoming(message.topic, bytes(message.payload), message.mid, message.qos, message.retain))

    def _published(self, _: mqtt.Client, __: Any, mid: int, reason: ReasonCode, ___: Properties) -> None:
        self._handled += 1
        if reason.is_failure:
            self._had_refusal = True
            self.refused.put(Refused(mid, reason.value, str(reason)))
        else:
            (self.unheard if reason.value == NO_SUBSCRIBERS else self.acks).put(mid)

    def _subscribed(
        self, _: mqtt.Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Properties | None
    ) -> None:
        for topic, reason in zip(self._asked, reasons, strict=False):
            if reason.is_failure:
                self._say(logging.ERROR, f"broker {self._address} lets {self.client_id} not hear {topic}: {reason}")

    @property
    def _address(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"

    def _say(self, level: int, text: str) -> None:
        """Logs on change: a broker that stays away is one line, not one a second."""
        if text != self._said:
            log.log(level, text)
            self._said = text
