"""An OpenID provider that can also lie: a small HTTP server on this machine, with the answers a test gives it."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "fabrica", "s3cret"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """`person` is who signs in there; `lies` replaces claims of the ID token; `userinfo` those of the userinfo."""

    def __init__(self):
        self.person = {"sub": "42", "email": "eva@example.org", "email_verified": True, "name": "Eva Elsewhere"}
        self.lies, self.userinfo, self.discovery, self.codes = {}, {}, {}, {}
        self.key, self.algorithm, self.kid, self.broken, self.asked = KEY, "RS256", "k1", "", []
        self.session, self.keys_asked = "session-1", 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"provider": self}))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def sign_in(self, address):
        """What the provider sends the browser back with, once the person signed in there: the callback's query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def id_token(self, asked):
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.get("nonce"),
            "sub": self.person["sub"], "acr": "https://refeds.org/profile/mfa",
            "sid": self.session, **({"auth_time": now} if "max_age" in asked else {}), **self.lies,
        }  # fmt: skip
        return self.sign(claims, self.kid)

    def logout_token(self, kind="logout+jwt", **lies):
        """What it sends us, server to server, when this person signed out there; a claim of None is left out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": secrets.token_urlsafe(8),
            "sub": self.person["sub"], "sid": self.session,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **lies,
        }  # fmt: skip
        return self.sign({name: value for name, value in claims.items() if value is not None}, self.kid, typ=kind)

    def sign(self, claims, kid, **header):
        key = SECRET * 8 if self.algorithm == "HS256" else None if self.algorithm == "none" else self.key
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": kid, **header})

    def describe(self):
        ends = {
            f"{name}_endpoint": f"{self.issuer}/{name}"
            for name in ("authorization", "token", "userinfo", "end_session")
        }
        return {
            "issuer": self.issuer, **ends, "jwks_uri": f"{self.issuer}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "authorization_response_iss_parameter_supported": True, **self.discovery,
        }  # fmt: skip

    def keys(self):
        self.keys_asked += 1
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def tokens(self, form):
        asked = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        if asked is None or form.get("client_secret") != SECRET or asked["code_challenge"] != challenge:
            return None
        return {"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": self.id_token(asked)}


class _Answers(BaseHTTPRequestHandler):
    provider = None

    def do_GET(self):
        pages = {
            "/.well-known/openid-configuration": self.provider.describe,
            "/jwks": self.provider.keys,
            "/userinfo": lambda: {**self.provider.person, **self.provider.userinfo},
        }
        self._answer(pages.get(urlsplit(self.path).path, lambda: None)())

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(self.provider.tokens({name: values[0] for name, values in parse_qs(text).items()}))

    def _answer(self, told):
        body = json.dumps(told or {"error": "invalid_grant"}).encode()
        status, more = 200 if told else 400, {}
        if self.provider.broken == "redirect":
            status, more = 302, {"Location": "http://169.254.169.254/"}
        if self.provider.broken == "error":
            status = 500
        if self.provider.broken == "nonsense":
            body = b"<html>"
        if self.provider.broken == "endless":
            body = b"[" + b"1," * 1_000_000
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **more}.items():
            self.send_header(name, str(value))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, *_):
        pass


def callback(slug, query):
    return f"/accounts/oidc/{slug}/login/callback/?{urlencode(query)}"
