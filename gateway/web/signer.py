"""Step 9 of a look-up: the gateway's signature over its answer, bound to the request (PROTOCOL section 1)."""

import time

from gateway.flow.exchange import Exchange, Reply
from signing.digest import content_digest
from signing.keys import SigningKey
from signing.message import Response, SignatureError, selected_label, sign_response

RECEIPT = "Lienthong-Receipt"


class AnswerSigner:
    """Signs answers with the installation's key."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign(self, exchange: Exchange, reply: Reply) -> list[tuple[str, str]]:
        """Return the headers that make `reply` a signed answer to `exchange`, errors included.

        Empty where the request is so malformed that an answer cannot be bound to it.
        """
        headers = [("content-type", reply.content_type), ("content-digest", content_digest(reply.body))]
        if reply.receipt is not None:
            headers.append(("lienthong-receipt", reply.receipt))
        label = exchange.caller.proof.label if exchange.caller else selected_label(exchange.request)
        try:
            signature_input, signature = sign_response(
                self._key, Response(reply.status, headers), exchange.request, label, int(time.time())
            )
        except SignatureError:  # the request cannot be bound to: unsigned means unknown, which is true
            return []
        signed = [
            ("Content-Digest", headers[1][1]),
            ("Signature-Input", signature_input),
            ("Signature", signature),
        ]
        if reply.receipt is not None:
            signed.append((RECEIPT, reply.receipt))
        return signed
