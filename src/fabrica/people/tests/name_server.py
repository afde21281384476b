"""A name server on this machine: answers TXT questions over UDP from a table, or not at all."""

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    def __init__(self, records=None, *, is_silent=False, rcode=dns.rcode.NXDOMAIN):
        self.records, self.is_silent, self.rcode, self.asked = records or {}, is_silent, rcode, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.is_over = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.is_over = True
        self.thread.join(5)
        self.socket.close()

    def _serve(self):
        while not self.is_over:
            try:
                data, where = self.socket.recvfrom(4_096)
            except TimeoutError:
                continue
            if not self.is_silent:
                self.socket.sendto(self._answer(dns.message.from_wire(data)).to_wire(), where)

    def _answer(self, question):
        asked = question.question[0].name
        self.asked.append(asked.to_text())
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        texts = self.records.get(asked.to_text().rstrip("."))
        if texts is None:
            answer.set_rcode(self.rcode)
        elif texts:
            answer.answer.append(dns.rrset.from_text(asked, 60, "IN", "TXT", *[f'"{one}"' for one in texts]))
        return answer
