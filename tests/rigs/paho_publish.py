#!/usr/bin/env python3
"""paho_publish: publishes messages as a device with Eclipse Paho would (QoS 1), and counts what was acknowledged.

    paho_publish.py HOST PORT USER PASSWORD TOPIC COUNT PAYLOAD [--v5] [--timeout SECONDS]

In PAYLOAD, `{n}` becomes the number of the message, from 0. Prints how many messages the broker acknowledged.
Exit code: 0 all acknowledged, 1 not all in time, 2 the connection or a message was refused, 3 no connection.

Needs paho-mqtt 2 (PyPI).
"""

import argparse
import sys
import threading
import time

import paho.mqtt.client as mqtt

IN_FLIGHT_MAX = 100


class Publisher:
    """One connection. Paho calls the `on_` functions from its own thread."""

    def __init__(self, args):
        self.args = args
        self.connected = threading.Event()
        self.progress = threading.Condition()
        self.acknowledged = 0
        self.refusal = None
        protocol = mqtt.MQTTv5 if args.v5 else mqtt.MQTTv311
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=protocol)
        self.client.username_pw_set(args.user, args.password)
        self.client.max_inflight_messages_set(IN_FLIGHT_MAX)
        self.client.on_connect = self.on_connect
        self.client.on_disconnect = self.on_disconnect
        self.client.on_publish = self.on_publish

    def on_connect(self, _client, _userdata, _flags, reason, _properties):
        if reason.is_failure:
            self.refuse(f"connection: {reason}")
        self.connected.set()

    def on_disconnect(self, _client, _userdata, _flags, reason, _properties):
        # A broker of MQTT 3.1.1 can refuse a message only by closing the connection.
        if reason.is_failure:
            self.refuse(f"disconnected: {reason}")

    def on_publish(self, _client, _userdata, _mid, reason, _properties):
        if reason.is_failure:
            return self.refuse(f"message: {reason}")
        with self.progress:
            self.acknowledged += 1
            self.progress.notify()

    def refuse(self, why):
        with self.progress:
            self.refusal = self.refusal or why
            self.progress.notify()

    def run(self):
        """The exit code."""
        end = time.monotonic() + self.args.timeout
        try:
            self.client.connect(self.args.host, self.args.port, keepalive=30)
        except OSError as error:
            print(f"paho_publish: no connection: {error}", file=sys.stderr)
            return 3
        self.client.loop_start()
        self.connected.wait(self.args.timeout)
        for n in range(self.args.count):
            if self.refusal:
                break
            self.client.publish(self.args.topic, self.args.payload.replace("{n}", str(n)), qos=1)
        with self.progress:
            done = lambda: self.refusal or self.acknowledged == self.args.count
            self.progress.wait_for(done, max(0, end - time.monotonic()))
            acknowledged, refusal = self.acknowledged, self.refusal
        self.client.disconnect()
        self.client.loop_stop()
        print(acknowledged)
        if acknowledged == self.args.count:
            return 0
        print(f"paho_publish: {refusal or 'not acknowledged in time'}", file=sys.stderr)
        return 2 if refusal else 1


def main():
    parser = argparse.ArgumentParser(description="Publishes with Eclipse Paho at QoS 1.")
    for name, kind in [("host", str), ("port", int), ("user", str), ("password", str), ("topic", str),
                       ("count", int), ("payload", str)]:
        parser.add_argument(name, type=kind)
    parser.add_argument("--v5", action="store_true", help="MQTT 5 (3.1.1)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for all together (60)")
    sys.exit(Publisher(parser.parse_args()).run())


if __name__ == "__main__":
    main()
