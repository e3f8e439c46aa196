"""A proxy on loopback that spoils chosen requests on their way to a Blob service.

It passes the bytes on unchanged, so signatures stay valid, and counts what it saw.
"""

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from aiohttp import ClientSession, web

BUSY = {500: "InternalError", 503: "ServerBusy", 429: "TooManyRequests"}


@dataclasses.dataclass
class Fault:
    """A fault of requests: a ``status`` returned by the proxy, or a connection cut at a ``moment``.

    Attributes:
        method: Requests of this method are spoiled.
        times: How many of them; the ones after it pass.
        status: Answer with it instead of asking the service.
        moment: ``before`` the service hears of it, ``after`` it has done it and before it answers, or ``amid`` the
            answer.
        retry_after: Seconds that the answer asks to wait.
    """

    method: str
    times: int
    status: int = 0
    moment: str = ""
    retry_after: str = ""


FAULTS = {
    "500": {"status": 500},
    "503": {"status": 503},
    "429": {"status": 429},
    "cut before the request": {"moment": "before"},
    "cut after it was applied": {"moment": "after"},
    "cut amid the answer": {"moment": "amid"},
}


def can_happen(method: str, fault: str) -> bool:
    """Return True if the fault is possible for a method: only a GET returns content."""
    return method == "GET" or fault != "cut amid the answer"


class FaultProxy:
    """Passes requests on to ``target``; ``fault`` is the one in force, ``spoiled`` and ``passed`` count."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target, self._path = f"{parts.scheme}://{parts.netloc}", parts.path
        self.fault: Fault | None = None
        self.url, self.spoiled, self.passed = "", 0, 0

    def inject(self, fault: Fault) -> None:
        """Set a fault and reset the counts."""
        self.fault, self.spoiled, self.passed = fault, 0, 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        fault, body = self.fault, await request.read()
        spoil = fault is not None and request.method == fault.method and self.spoiled < fault.times
        if not spoil or fault is None:
            self.passed += 1
            status, headers, content = await self._ask(request, body)
            # Of a HEAD the length is passed on without the content.
            return web.Response(status=status, headers=headers, body=content if request.method != "HEAD" else None)
        self.spoiled += 1
        if fault.status:
            headers = {"x-ms-error-code": BUSY[fault.status]}
            if fault.retry_after:
                headers["Retry-After"] = fault.retry_after
            return web.Response(status=fault.status, headers=headers)
        if fault.moment != "before":
            status, headers, content = await self._ask(request, body)
        if fault.moment == "amid":
            answer = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(content))})
            await answer.prepare(request)
            await answer.write(content[: len(content) // 2])
        request.transport.abort()
        return web.Response()

    async def _ask(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        url = self._target + request.raw_path
        # The service checks signatures over what the client sent: its host and headers, unchanged.
        headers = {name: value for name, value in request.headers.items() if name.lower() != "transfer-encoding"}
        async with self._session.request(
            request.method, _verbatim(url), headers=headers, data=body or None, skip_auto_headers=["Content-Type"]
        ) as answer:
            content = await answer.read()
            dropped = {"transfer-encoding", "connection", "keep-alive"}
            if request.method != "HEAD":
                dropped.add("content-length")
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in dropped}
            return answer.status, kept, content

    async def serve(self, ready: threading.Event, ended: asyncio.Event) -> None:
        """Listen until ``ended``."""
        application = web.Application(client_max_size=2**28)
        application.router.add_route("*", "/{path:.*}", self.handle)
        async with ClientSession(auto_decompress=False) as self._session:
            runner = web.AppRunner(application, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}{self._path}"
            ready.set()
            await ended.wait()
            await runner.cleanup()


def _verbatim(url: str):
    from yarl import URL

    return URL(url, encoded=True)


@contextlib.contextmanager
def start_fault_proxy(target: str) -> Iterator[FaultProxy]:
    """Run a proxy in a thread of its own."""
    proxy, ready, loop = FaultProxy(target), threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(proxy.serve(ready, ended)), daemon=True)
    thread.start()
    if not ready.wait(20):
        raise RuntimeError("the proxy did not start")
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)
