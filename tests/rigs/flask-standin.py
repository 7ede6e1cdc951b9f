#!/usr/bin/env python3
"""flask-standin: stands in for the page of the research prototype, the recipient that Hushgate's users come from.

    flask-standin.py [--port PORT]

Listens on 127.0.0.1 (port 0, the default: a free one) and prints `ready PORT`.

  PUT /  {"id_device": "...", "data": "..."}  -> 200, and the text is kept with the time of arrival; else 400
  GET /                                       -> one line `data:<time>: <text>` for each, oldest first

Keeps the newest KEPT_MAX texts in memory. Standard library only.
"""

import argparse
import collections
import http.server
import json
import threading
import time

BODY_BYTES_MAX = 64 * 1024
KEPT_MAX = 10_000

kept = collections.deque(maxlen=KEPT_MAX)
kept_lock = threading.Lock()


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_PUT(self):
        text = self.read_text() if self.path == "/" else None
        if text is None:
            # The rest of the body, if any, was not read: this connection cannot be used again.
            self.close_connection = True
            return self.answer(404 if self.path != "/" else 400, "refused\n")
        with kept_lock:
            kept.append((time.strftime("%Y-%m-%d %H:%M:%S"), text))
        self.answer(200, "ok\n")

    def do_GET(self):
        if self.path != "/":
            return self.answer(404, "not found\n")
        with kept_lock:
            lines = [f"data:{when}: {text}\n" for when, text in kept]
        self.answer(200, "".join(lines))

    def read_text(self):
        """The text of a well-formed message, else None."""
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 < length <= BODY_BYTES_MAX:
                return None
            message = json.loads(self.rfile.read(length))
        except ValueError:
            return None
        if not isinstance(message, dict) or set(message) != {"id_device", "data"}:
            return None
        return message["data"] if all(isinstance(value, str) for value in message.values()) else None

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing: values stay out of logs here too."""


def main():
    parser = argparse.ArgumentParser(description="Stands in for the prototype's page.")
    parser.add_argument("--port", type=int, default=0)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Page)
    server.daemon_threads = True
    print("ready", server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
