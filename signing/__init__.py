"""Signatures, digests and proofs without input or output: bytes, keys and *now* in; a value or a `SignatureError` out.

One standard per file: fields (RFC 9651), digest (RFC 9530), message (RFC 9421), keys (RFC 7517), xml (XML-DSig), wsse
(WS-Security), merkle (RFC 9162), tiles and checkpoint (C2SP). Nothing here reads a clock, a file or a socket.
"""
