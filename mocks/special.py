"""Sample persons with a known behaviour, whatever their sex and year: docs/SAMPLE-PEOPLE.md lists them.

Serials 000180–000359 are kept for them: they are people with families like all others (their kin lie
in the same serials), but `mocks.sample` never draws them, so that a random person never misbehaves.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from mocks.numbers import Key
from mocks.words import words

SPECIAL_SERIALS = range(180, 360)

GIVEN_NAMES: Mapping[Key, str] = MappingProxyType({Key(1, 1991, 1): "THỊ THỬ"})
"""Middle and given name of the example person of PROTOCOL 3; the family name is the lineage's."""

BIRTH_DATES: Mapping[Key, date] = MappingProxyType({Key(1, 1991, 1): date(1991, 5, 2)})
"""Birth dates that are fixed, full to the day."""

WARDS: Mapping[Key, str] = MappingProxyType({Key(0, 1988, 111): "99001"})
"""Wards of households that are fixed, by the head of the household."""

MODES: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            words(
                "slow hang fault http_500 garbage truncated drift another_person two_results empty bad_signature "
                "redirect html xxe entity_bomb huge gzip_bomb drip reset drop refuse_auth wrong_request two_bodies "
                "bad_boolean bad_date wrong_namespace unsigned_body expired_timestamp wrapped"
            ),
            start=201,
        )
    )
)
"""Serial → the misbehaviour that a question about the person always meets, in the registries that have it."""

CARD_CODES: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            words(
                "000 001 002 003 004 010 050 051 052 053 060 061 070 "
                "090 100 101 110 120 121 122 123 124 130 205 500 999"
            ),
            start=241,
        )
    )
)
"""Serial → the `maKetQua` of the person's health card (DOMAIN 4)."""

RESTRICTED_SERIALS = range(281, 290)
"""People about whom every registry stays silent."""

INSURED_SAMPLE = SPECIAL_SERIALS.start
"""Serials below this are insured and behave."""

EXAMPLE = Key(1, 1991, 1)
"""The example person: also who a broken answer tells of when the question fits nobody."""
