"""The tax registry: SOAP 1.1 under WS-Security X.509 in both directions (DOMAIN section 4, DESIGN section 5).

Only the Body that the registry's pinned certificate signed, in an answer that relates to our signed MessageID, is
read; then it must be valid by the WSDL and be about the taxpayer asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from lxml import etree

from adapters.contract import Call, RegistryAnswer, RegistryFault, RegistryInvalid
from adapters.http import HttpTransport
from adapters.soap import HEADERS, Contract, Operation, Template, is_fault
from adapters.values import check_identifier, coded, moment
from schemas.grants import Grant, Subject
from schemas.services import CATALOGUE, ServiceSpec
from signing.errors import SignatureError
from signing.wsse import sign_envelope, verify_envelope

WSDL = "tax.wsdl"
_NAMESPACE = "{http://gdt.example.vn/tracuu/1.0}"
_ID_MEMBERS = {"tax_code": "MaSoThue", "personal_id": "SoDinhDanh"}
_OPERATIONS = {"taxpayer": "TraCuuNguoiNopThue", "obligations": "TraCuuNghiaVu"}
_KIND = {"01": "organisation", "02": "individual", "03": "household_business"}
_PERSONAL_NUMBER_DIGITS = 12
_LIFE = timedelta(minutes=5)
