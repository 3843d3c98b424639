"""The declarative adapters: a SOAP or REST registry of ordinary shape from one TOML file, no Python (DESIGN section 1).

What each service asks and how it is answered is its `mapping` (`adapters.mapping`, `adapters.sources`); this module
only carries it over the wire.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from adapters import rest, soap
from adapters.auth import Authentication
from adapters.contract import Call, RegistryAnswer, RegistryFault
from adapters.errors import MappingError
from adapters.http import HttpTransport
from adapters.mapping import ReplyMapping, read_reply
from adapters.sources import Slot, Source, parse_source, read_slots
from adapters.toml_table import Table
from adapters.trees import tree_of
from schemas.grants import Grant
from schemas.services import ServiceSpec

_HOLE = re.compile(r"\{([^{}]+)\}")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~:@!$&'()*+,;=-]|%[0-9A-Fa-f]{2}|\{[^{}]+\})*)*")
