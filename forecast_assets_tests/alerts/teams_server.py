"""A Teams webhook on loopback: it records requests with their times, and responds as configured."""

import contextlib
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CANARY = "sig-canary-0123456789"
Answer = tuple[int, dict[str, str], str]
ACCEPTED: Answer = (202, {}, "")


class FakeTeams:
    """A server that listens while it is entered; before that it has its port and refuses connections.

    ``answers``: what the next requests get; None drops the connection unanswered.
    """

    def __init__(self, clock: Callable[[], Any] | None = None) -> None:
        self.received: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.times: list[Any] = []
        self.statuses: list[int | None] = []
        self.answers: list[Answer | None] = []
        self.always: Answer | None = ACCEPTED
        self._clock = clock or (lambda: None)
        teams = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                teams.received.append(json.loads(body))
                teams.paths.append(self.path)
                teams.times.append(teams._clock())
                answer = teams.answers.pop(0) if teams.answers else teams.always
                teams.statuses.append(answer[0] if answer else None)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, text = answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.server_bind()
        self.port = self._server.server_address[1]

    def url(self, channel: str = "default") -> str:
        return f"http://127.0.0.1:{self.port}/workflows/{CANARY}/{channel}?sig={CANARY}%2Fx"

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """Return the accepted posts, in order."""
        posts = zip(self.received, self.statuses, strict=True)
        return [payload for payload, status in posts if status is not None and 200 <= status < 300]

    @contextlib.contextmanager
    def listening(self):
        self._server.server_activate()
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def texts(payload: dict[str, Any]) -> str:
    """Return all words of a card, in order."""
    words: list[str] = []

    def walk(element: Any) -> None:
        if isinstance(element, dict):
            if "text" in element:
                words.append(element["text"])
            for value in element.values():
                walk(value)
        elif isinstance(element, list):
            for value in element:
                walk(value)

    walk(payload["attachments"][0]["content"]["body"])
    return " ".join(" ".join(words).split())


def headlines(teams: FakeTeams) -> list[str]:
    """Return what follows "headline of" in each card that arrived, in order."""
    return [re.search(r"headline of (\S+)", texts(payload))[1] for payload in teams.received]
