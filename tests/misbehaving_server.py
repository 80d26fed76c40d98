"""A web server on 127.0.0.1 that serves one file in the ways real servers fail."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

Answer = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        server = self.server
        with server.guard:
            server.ranges.append(self.headers.get("Range"))
            answer = server.answers.pop(0) if len(server.answers) > 1 else None
        answer = answer or server.answers[0]
        try:
            answer(self, server.content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""

    def start(self) -> int:
        """Return where the wanted range begins."""
        wanted = self.headers.get("Range") or "bytes=0-"
        return int(wanted.removeprefix("bytes=").rstrip("-"))

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def ranged_head(self, content: bytes, length: int) -> None:
        begin = self.start()
        if not begin:
            return self.head(200, Content_Length=length)
        span = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        self.head(206, Content_Range=span, Content_Length=length)


def good(handler: Handler, content: bytes) -> None:
    if handler.start() >= len(content):
        return handler.head(416)
    rest = content[handler.start() :]
    handler.ranged_head(content, len(rest))
    handler.wfile.write(rest)


def without_ranges(handler: Handler, content: bytes) -> None:
    handler.head(200, Content_Length=len(content))
    handler.wfile.write(content)


def half(handler: Handler, content: bytes) -> None:
    """Promise the rest of the file, send half of it and hang up."""
    rest = content[handler.start() :]
    handler.ranged_head(content, len(rest))
    handler.wfile.write(rest[: len(rest) // 2])


def half_without_ranges(handler: Handler, content: bytes) -> None:
    handler.head(200, Content_Length=len(content))
    handler.wfile.write(content[: len(content) // 2])


def promises_too_much(handler: Handler, content: bytes) -> None:
    handler.head(200, Content_Length=len(content) + 1000)
    handler.wfile.write(content)


def promises_too_little(handler: Handler, content: bytes) -> None:
    rest = content[handler.start() :]
    handler.ranged_head(content, min(len(rest), 1000))
    handler.wfile.write(rest)


def sends_more(handler: Handler, content: bytes) -> None:
    handler.head(200)
    handler.wfile.write(content + b"trailing rubbish")


def wrong_bytes(handler: Handler, content: bytes) -> None:
    handler.head(200, Content_Length=len(content))
    handler.wfile.write(bytes(len(content)))


def wrong_half(handler: Handler, content: bytes) -> None:
    handler.head(200, Content_Length=len(content))
    handler.wfile.write(bytes(len(content) // 2))


def error_page(handler: Handler, content: bytes) -> None:
    handler.head(200, Content_Type="text/html")
    handler.wfile.write(b"<html>Please log in to the hotel's network</html>")


def missing(handler: Handler, content: bytes) -> None:
    handler.head(404)


def wrong_range(handler: Handler, content: bytes) -> None:
    """Answer a request for the rest with the beginning, but call it the rest."""
    handler.head(206, Content_Range=f"bytes 0-{len(content) - 1}/{len(content)}")
    handler.wfile.write(content)


def hangs_up(handler: Handler, content: bytes) -> None:
    handler.connection.close()


def says_nothing(handler: Handler, content: bytes) -> None:
    handler.server.released.wait(10)


def drips(handler: Handler, content: bytes) -> None:
    """Send everything in small pieces: slow for a client that asks for more."""
    rest = content[handler.start() :]
    handler.ranged_head(content, len(rest))
    for begin in range(0, len(rest), 4096):
        handler.wfile.write(rest[begin : begin + 4096])
        handler.wfile.flush()


def one_byte(handler: Handler, content: bytes) -> None:
    """Promise the rest of the file, send one byte of it and hang up."""
    rest = content[handler.start() :]
    handler.ranged_head(content, len(rest))
    handler.wfile.write(rest[:1])


def drips_headers(handler: Handler, content: bytes) -> None:
    """Send one header after the other, each soon enough for a socket's patience."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
    for k in range(10_000):
        handler.wfile.write(f"X-{k}: wait\r\n".encode()[: 2 + k % 8])
        handler.wfile.flush()
        if handler.server.released.wait(0.02):
            return


def drips_bytes(handler: Handler, content: bytes) -> None:
    """Send a byte now and then, each soon enough for a socket's patience."""
    rest = content[handler.start() :]
    handler.ranged_head(content, len(rest))
    for k in range(len(rest)):
        handler.wfile.write(rest[k : k + 1])
        handler.wfile.flush()
        if handler.server.released.wait(0.02):
            return


def steers_the_terminal(handler: Handler, content: bytes) -> None:
    handler.wfile.write(b"HTTP/1.0 503 \x1b[31mBusy\x1b]0;mine\x07\r\n\r\n")


class Server(ThreadingHTTPServer):
    """Serve `content`; the k-th request gets the k-th answer, the last one for ever."""

    daemon_threads = True

    def __init__(self, content: bytes, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.answers = content, list(answers)
        self.ranges: list[str | None] = []
        self.guard, self.released = threading.Lock(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/file.bin"

    def handle_error(self, *arguments: object) -> None:
        """A client that hangs up is part of the game."""

    @classmethod
    @contextmanager
    def running(cls, content: bytes, *answers: Answer) -> Iterator[Self]:
        server = cls(content, list(answers))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
            server.server_close()
