"""As much of ZooKeeper's protocol as it takes to tamper with a tree: list, create and delete nodes.

Source: the message definitions in zookeeper.jute of Apache ZooKeeper 3.8."""
import socket
import struct

_CREATE, _DELETE, _CHILDREN = 1, 2, 8
_OPEN_ACL = struct.pack(">ii", 1, 31) + struct.pack(">i5s", 5, b"world") + struct.pack(">i6s", 6, b"anyone")


class ZookeeperError(Exception):
    pass


def _buffer(data):
    return struct.pack(">i", len(data)) + data


class ZookeeperClient:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._xid = 0
        self._send(struct.pack(">iqiq", 0, 0, 10_000, 0) + _buffer(b"\0" * 16))
        self._receive()

    def children(self, path):
        body = self._ask(_CHILDREN, _buffer(path.encode()) + b"\0")
        count, at, names = struct.unpack_from(">i", body)[0], 4, []
        for _ in range(count):
            size = struct.unpack_from(">i", body, at)[0]
            names.append(body[at + 4:at + 4 + size].decode())
            at += 4 + size
        return names

    def create(self, path, data=b"\1"):
        self._ask(_CREATE, _buffer(path.encode()) + _buffer(data) + _OPEN_ACL + struct.pack(">i", 0))

    def delete(self, path):
        self._ask(_DELETE, _buffer(path.encode()) + struct.pack(">i", -1))

    def close(self):
        self._socket.close()

    def _ask(self, kind, body):
        self._xid += 1
        self._send(struct.pack(">ii", self._xid, kind) + body)
        answer = self._receive()
        xid, _, error = struct.unpack_from(">iqi", answer)
        if xid != self._xid or error:
            raise ZookeeperError(f"question {self._xid} of kind {kind}: answer to {xid}, error {error}")
        return answer[16:]

    def _send(self, data):
        self._socket.sendall(_buffer(data))

    def _receive(self):
        return self._exactly(struct.unpack(">i", self._exactly(4))[0])

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise ZookeeperError("ZooKeeper closed the connection")
            data += more
        return data
