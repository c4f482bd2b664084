"""The part of HashiCorp Vault that Pulumi asks for the key of a stack's secrets.

Secrets are encrypted as ever. But a passphrase costs each run of Pulumi a million rounds of
hashing, an eighth of its processor time, and a key from Vault one request.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

VAULT_KEY = "hashivault://tests"
"""The secrets provider of a stack whose key it keeps."""

_PREFIX = "vault:v1:"


class _Transit(BaseHTTPRequestHandler):
    """https://developer.hashicorp.com/vault/api-docs/secret/transit"""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        # What Vault encrypts here is a key that guards nothing.
        if self.path.startswith("/v1/transit/encrypt/"):
            data = {"ciphertext": _PREFIX + asked["plaintext"]}
        else:
            data = {"plaintext": asked["ciphertext"].removeprefix(_PREFIX)}
        body = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def run_vault() -> Iterator[dict[str, str]]:
    """Serve it; yield the environment with which Pulumi finds it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Transit) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield {
                "VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_port}",
                "VAULT_SERVER_TOKEN": "none",
            }
        finally:
            server.shutdown()
