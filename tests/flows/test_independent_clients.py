"""Callers whose code is not ours: any RFC 9421 library gets an answer, and verifies it."""

import base64
import json
import os
import secrets
import shutil
import subprocess
import tomllib
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
import requests
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

from signing.keys import SigningKey, parse_jwks

PATH = "/v1/lookups/population/person"
BODY = {
    "subject": {
        "id_type": "personal_id",
        "id": "099191000001",
        "full_name": "NGUYỄN THỊ THỬ",
        "birth_date": "1991-05-02",
    },
    "purpose": {
        "procedure": "9.999901",
        "legal_basis": "law",
        "officer": {"id": "099085000019", "name": "Trần Văn Cán", "unit": "H99.01"},
    },
    "fields": ["full_name"],
}
FOUND = {"full_name": "NGUYỄN THỊ THỬ"}
COVERED = {
    "the target URI": ("@method", "@target-uri", "content-digest"),
    "authority and path": ("@method", "@authority", "@path", "content-digest"),
    "more than needed": ("@method", "@authority", "@path", "content-digest", "content-type", "host", "content-length"),
}


class Keys(HTTPSignatureKeyResolver):
    """The caller's private key, and the gateway's published ones."""

    def __init__(self, private, published):
        self.private, self.published = private, published

    def resolve_private_key(self, key_id):  # noqa: ARG002 — the library asks with it
        """Return the caller's key."""
        return self.private

    def resolve_public_key(self, key_id):
        """Return the gateway's key of that id."""
        return self.published[key_id].public


def identity(stack, client):
    """Read a sandbox client's identity."""
    directory = stack.directory / "clients" / client
    about = tomllib.loads((directory / "client.toml").read_text())
    return about, SigningKey.from_pem((directory / about["key"]).read_bytes(), about["keyid"])


@pytest.mark.parametrize("covered", COVERED.values(), ids=COVERED)
@pytest.mark.parametrize(
    ("client", "algorithm", "status"),
    [("H99.igate", algorithms.ED25519, 200), ("H98.onegate", algorithms.ECDSA_P256_SHA256, 403)],
)
def test_the_python_library_is_understood_and_understands(stack, covered, client, algorithm, status):
    """PyPI's http-message-signatures signs as both kinds of key; answers and refusals verify with it."""
    about, key = identity(stack, client)
    body = orjson.dumps(BODY)
    digest = f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"
    request = requests.Request(
        "POST",
        stack.url + PATH,
        data=body,
        headers={"Content-Type": "application/json", "Content-Digest": digest, "Host": stack.authority},
    ).prepare()
    published = parse_jwks(requests.get(f"{stack.url}/.well-known/jwks.json", timeout=10).json())
    keys = Keys(key.private, published)
    HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=keys).sign(
        request,
        key_id=about["keyid"],
        covered_component_ids=covered,
        nonce=secrets.token_urlsafe(24),
        tag="lienthong",
        label="theirs",
        use_existing_digest=True,
    )
    with requests.Session() as session:
        answer = session.send(request, timeout=10)
    assert answer.status_code == status, answer.text
    verified = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=keys).verify(answer)
    assert verified[0].label == "lienthong"
    if status == 200:
        assert answer.json()["data"] == FOUND


def test_the_node_library_is_understood_and_understands(stack, tmp_path):
    """Npm's http-message-signatures signs a look-up; it verifies the answer bound to its request."""
    modules = os.environ.get("LIENTHONG_NODE_MODULES")
    if modules is None or shutil.which("node") is None:
        pytest.skip("needs node, and LIENTHONG_NODE_MODULES with npm's http-message-signatures (.ci/run has both)")
    about, _ = identity(stack, "H99.igate")
    body = tmp_path / "body.json"
    body.write_bytes(orjson.dumps(BODY))
    script = Path(__file__).with_name("independent_client.cjs")
    directory = stack.directory / "clients" / "H99.igate"
    done = subprocess.run(
        ["node", script, directory, about["keyid"], stack.url, PATH, body],
        env={**os.environ, "NODE_PATH": modules},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["status"], seen["verified"], seen["digest"]) == (200, True, True)
    assert seen["body"]["data"] == FOUND
