"""What uvicorn's protocols lack.

They override what uvicorn and websockets keep private (checked with 0.54 and 17.4,
which the lock file has). Where one is not called any more, a test of listening or of
WebSockets fails.
"""

import sys

import httptools
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)
from websockets.frames import CloseCode, Frame


class HTTPProtocol(HttpToolsProtocol):
    """Passes over offers of other protocols than WebSocket (RFC 9110, 7.8).

    The parser takes what follows the head of such a request for that protocol's, so
    the head is parsed once more without the offer.
    """

    _data = b""
    _rest = b""

    def data_received(self, data: bytes) -> None:
        """Take some of what a client sends."""
        self._rest = data
        while self._rest:
            self._data, self._rest = self._rest, b""
            super().data_received(self._data)
        self._data = b""

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head comes once more."""
        if not self._has_offer():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Take the end of a body; after an offer the parser sees one at once."""
        if not self._has_offer():
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Go on after the parser has stopped, which uvicorn would only warn of."""
        stop = sys.exception()
        if isinstance(stop, httptools.HttpParserUpgrade) and self._has_offer():
            self._rest = self._head() + self._data[stop.args[0] :]
            self.parser = httptools.HttpRequestParser(self)
            # As uvicorn has it.
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _has_offer(self) -> bool:
        is_offer = self.parser.should_upgrade() and not self._should_upgrade()
        return is_offer and any(name == b"upgrade" for name, _ in self.headers)

    def _head(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        for name, value in self.headers:
            if name != b"upgrade":
                lines.append(b"%b: %b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Keeps nothing for clients that send frames and read none.

    What a client does wrong is answered, and nothing for the server's log.
    """

    def handle_events(self) -> None:
        """Take what has come; also a request of which nothing could be made."""
        super().handle_events()
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_ping(self) -> None:
        """Answer a ping, while there is room for the answer."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        """Take a part of a message; parts with nothing in them have no end."""
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; a text that is no UTF-8 ends the connection."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(CloseCode.INVALID_DATA)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says; with an answer the handshake is complete.

        uvicorn takes a handshake that was refused by an answer for one without any.
        """
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True
