"""A small client that signs every request and believes no unsigned answer (PROTOCOL section 1)."""

from gateway.client.client import Client, SyncClient
from gateway.client.errors import (
    ClientError,
    GatewayFailed,
    IdentityError,
    PolicyRefused,
    Problem,
    Refused,
    RegistryFailed,
    RequestRefused,
    Unknown,
)
from gateway.client.exchange import Exchange, ExchangeFileError
from gateway.client.identity import Identity, load_identity
from gateway.client.protocol import Answer, Receipt

__all__ = [
    "Answer",
    "Client",
    "ClientError",
    "Exchange",
    "ExchangeFileError",
    "GatewayFailed",
    "Identity",
    "IdentityError",
    "PolicyRefused",
    "Problem",
    "Receipt",
    "Refused",
    "RegistryFailed",
    "RequestRefused",
    "SyncClient",
    "Unknown",
    "load_identity",
]
