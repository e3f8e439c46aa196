"""Stand-in for Teams during development: accepts cards over TLS and returns them as JSON to a GET."""

import argparse
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEPT = 500
CARDS: list[object] = []


class Sink(BaseHTTPRequestHandler):
    """Handler that keeps the last cards in memory."""

    def do_POST(self) -> None:
        """Keep a card; respond with 202 as Workflows do."""
        CARDS.append(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0)))))
        del CARDS[:-KEPT]
        self._respond(202, b"")

    def do_GET(self) -> None:
        """Return the kept cards, the oldest first."""
        self._respond(200, json.dumps(CARDS).encode())

    def _respond(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    options = parser.parse_args()
    server = ThreadingHTTPServer(("", options.port), Sink)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
