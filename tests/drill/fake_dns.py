"""A name server of one name, which can be silent, refuse, say nothing or lie."""
import os
import socket
import struct
import threading

MODES = ("answer", "silent", "fails", "empty", "nonsense")


class FakeDns:
    def __init__(self, addresses, host="127.0.0.1", port=53):
        self.addresses = addresses
        self.mode = "answer"
        self.asked = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, client = self._socket.recvfrom(512)
            self.asked += 1
            if self.mode != "silent":
                self._socket.sendto(self._answer(question), client)

    def _answer(self, question):
        if self.mode == "nonsense":
            return question[:2] + os.urandom(60)
        end = question.index(b"\0", 12) + 5
        kind = struct.unpack(">H", question[end - 4:end - 2])[0]
        found = self.addresses if kind == 1 and self.mode == "answer" else []
        flags = 0x8182 if self.mode == "fails" else 0x8180
        head = question[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(each) for each in found)
        return head + question[12:end] + records
