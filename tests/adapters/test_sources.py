"""Request sources: each value from the question, one filter, nothing computed."""

import pytest

from adapters.contract import RegistryFault
from adapters.errors import MappingError
from adapters.sources import parse_source, read_slots
from adapters.toml_table import Table

VALUES = {
    "subject.id": "099191000001",
    "subject.id_type": "personal_id",
    "subject.full_name": "Nguyễn Thị Thử",
    "subject.full_name|upper": "NGUYỄN THỊ THỬ",
    "subject.birth_date": "1991-05-02",
    "subject.birth_date|yyyyMMdd,yyyy": "19910502",
    "purpose.procedure": "9.999901",
    "purpose.dossier": "H99.01-261121-0001",
    "purpose.legal_basis": "law",
    "purpose.officer.id": "099085000009",
    "purpose.officer.name": "Trần Văn Cán",
    "purpose.officer.unit": "H99.01",
    "request_id": "r-1",
}


@pytest.mark.parametrize("text", VALUES)
def test_sources_give_their_value(grant, call, text):
    """A source reads one value of the question."""
    question = grant("population/person", name="Nguyễn Thị Thử")
    assert parse_source(text, "/p")(question, call(request_id="r-1")) == VALUES[text]


@pytest.mark.parametrize(("birth", "sent"), [("1991", "1991"), ("1991-05", "05/1991"), ("1991-05-02", "02/05/1991")])
def test_birth_date_is_written_as_far_as_it_goes(grant, call, birth, sent):
    """The first format that the date's precision allows is used."""
    source = parse_source("subject.birth_date|dd/MM/yyyy,MM/yyyy,yyyy", "/p")
    assert source(grant("population/person", birth=birth), call()) == sent


@pytest.mark.parametrize("text", ["subject.full_name", "subject.birth_date"])
def test_absent_values_cannot_be_sent(grant, call, text):
    """A value the question lacks is never sent as an empty text."""
    with pytest.raises(RegistryFault):
        parse_source(text, "/p")(grant("population/person", name=None, birth=None), call())


@pytest.mark.parametrize(
    "text", ["", "subject", "subject.id|lower", "subject.birth_date|d/M/yy,yyyy", "subject.birth_date|dd/MM/yyyy"]
)
def test_unknown_sources_and_filters_are_refused(text):
    """What is not a source is the operator's mistake."""
    with pytest.raises(MappingError):
        parse_source(text, "/p")


def test_slots_keep_order_constants_and_kinds():
    """A request table keeps its order; constants stand as they are; a slot may be for some identifiers only."""
    table = {"b": "const:x|upper", "a": {"source": "subject.id", "id_types": ["old_id_card"]}}
    first, second = read_slots(Table(table, "/request"))
    assert (first.path, first.source, first.constant) == ("b", None, "x|upper")
    assert (second.path, second.id_types) == ("a", frozenset({"old_id_card"}))


@pytest.mark.parametrize(
    "value", [7, {"source": "subject.id", "id_types": ["passport"]}, {"id_types": []}, {"source": "subject.id", "x": 1}]
)
def test_unusable_slots_are_refused(value):
    """A slot is a source, or a table of source and known id_types."""
    with pytest.raises(MappingError):
        read_slots(Table({"a": value}, "/request"))
