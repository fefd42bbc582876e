"""A way to one provider that can be cut in one direction, slowed, made to answer garbage, or closed: in user space, so that
it works wherever the drill does."""
import os
import socket
import struct
import threading
import time

# What no Bolt peer may take for an answer. A response of Bolt v1 begins 01 00 0002 01 …: protocol, type, command, version.
_HEAD = bytes.fromhex("01000002010000000101000000")
GARBAGE = {
    "noise": lambda: b"\xff" + os.urandom(255),
    "another protocol": lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "a frame of 2 GB": lambda: _HEAD + struct.pack(">HHI", 1, 0, 0x7FFFFFFF),
    "half a frame": lambda: _HEAD[:9],
    "an answer that nobody asked for": lambda: _HEAD[:5] + b"\x7f\xff\xff\xff\x01\x00\x00" + struct.pack(">HHI", 0, 0, 0),
}


class FaultProxy:
    """Listens on a port of its own and passes on to `target`. Modes: `pass`; `hold requests` and `hold answers`, one way,
    until it is lifted, as a network does; `late`; `garbage`; `lie`: answers that look like another call's; `closed`: nobody
    listens and all connections break."""

    LATE_SECONDS = 1.5

    def __init__(self, target):
        self._target = target
        self._mode = "pass"
        self._changed = threading.Condition()
        self._open = set()
        self.garbage = 0  # so many answers were made up
        self.answered = 0  # bytes that were passed on
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]

    @property
    def mode(self):
        return self._mode

    def set_mode(self, mode):
        with self._changed:
            before, self._mode = self._mode, mode
            self._changed.notify_all()
        if mode == "closed":
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        if mode in ("closed", "garbage"):
            self.break_connections()
        elif before == "closed":
            self._listener = self._listen(self.port)

    def break_connections(self):
        with self._changed:
            broken = list(self._open)
        for each in broken:
            try:  # a reset, as when a process is killed with bytes unread
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass  # its pump was faster
            self._close(each)

    def stop(self):
        self.set_mode("closed")

    def _listen(self, port):
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # it was closed
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            with self._changed:
                self._open |= {client, server}
            for source, sink, held in ((client, server, "hold requests"), (server, client, "hold answers")):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(source, sink, held), daemon=True).start()

    def _pump(self, source, sink, held):
        try:
            while data := source.recv(65536):
                with self._changed:
                    self._changed.wait_for(lambda: self._mode != held)
                if held == "hold answers":
                    if self._mode == "late":
                        time.sleep(self.LATE_SECONDS)  # and what comes behind it waits as well
                    elif self._mode == "garbage":
                        kind = list(GARBAGE)[self.garbage % len(GARBAGE)]
                        self.garbage += 1
                        data = GARBAGE[kind]()
                    elif self._mode == "lie":
                        data = data.replace(b"call ", b"CALL ")
                    self.answered += len(data)
                sink.sendall(data)
                if data == GARBAGE["half a frame"]():
                    break
        except OSError:
            pass
        self._close(source)
        self._close(sink)

    def _close(self, each):
        with self._changed:
            self._open.discard(each)
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        each.close()
