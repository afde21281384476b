"""A mail server that speaks as much SMTP as a greeting needs, on a port of its own; it notes what it was told."""

import socket
import ssl
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder, host="localhost", days=365):
    """A key and a certificate for `host` that only who knows it trusts; returns the file of both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Server:
    """Serves one caller after another until it is closed."""

    def __init__(self, serve):
        self.told = []
        self._serve = serve
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(30)

    def _run(self):
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(30)
                try:
                    self._serve(caller, self.told)
                except OSError:
                    continue


def smtp(tls=None, password_is_good=True):
    """How such a server answers; with the file of a certificate it offers STARTTLS."""

    def serve(caller, told):
        caller.sendall(b"220 here\r\n")
        with ExitStack() as closing:
            talk(caller, told, closing)

    def talk(caller, told, closing):
        lines = closing.enter_context(caller.makefile("rb"))
        while line := lines.readline():
            word = line.split()[0].upper().decode() if line.split() else ""
            told.append(word)
            if word == "EHLO":
                offer = b"250-here\r\n250-AUTH PLAIN\r\n" + (b"250-STARTTLS\r\n" if tls else b"") + b"250 SIZE\r\n"
                caller.sendall(offer)
            elif word == "STARTTLS":
                caller.sendall(b"220 go on\r\n")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(tls)
                caller = closing.enter_context(context.wrap_socket(caller, server_side=True))
                lines = closing.enter_context(caller.makefile("rb"))
            elif word == "AUTH":
                caller.sendall(b"235 come in\r\n" if password_is_good else b"535 no\r\n")
            elif word == "QUIT":
                caller.sendall(b"221 bye\r\n")
                return
            else:
                caller.sendall(b"502 what?\r\n")

    return serve


def https(tls, answer=b""):
    """A server that shakes hands and gives one answer."""

    def serve(caller, told):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        with context.wrap_socket(caller, server_side=True) as safe:
            asked = safe.recv(65536)
            told.append(asked.split(b"\r\n")[0].decode())
            safe.sendall(answer)

    return serve
