"""Drafts from WSDLs: complete, commented, and loadable once their placeholders are filled in."""

import re
import tomllib
from importlib import resources

import pytest

from adapters.errors import MappingError
from adapters.factory import build_adapter
from adapters.scaffold import draft_toml
from schemas.configuration import load_configuration

WSDL = {
    name: (resources.files("adapters") / "wsdl" / f"{name}.wsdl").read_text("utf-8") for name in ("population", "tax")
}
FILLED = {
    "<host of the registry>": "r.example",
    "<path of the service>": "x",
    "<source>": "const:037",
    "<path>": "NguoiNopThue/TrangThai",
    "<value>": "1",
}
ECHO = "<path, within the record, that repeats the identifier asked for>"


@pytest.mark.parametrize("name", WSDL)
def test_filled_draft_loads_and_builds(tmp_path, name):
    """A draft with its placeholders filled in is a configuration from which an adapter is built."""
    draft = draft_toml(WSDL[name], "drafted").replace(ECHO, "SoDinhDanh")
    for placeholder, value in FILLED.items():
        draft = draft.replace(placeholder, value)
    assert not re.search("<[^>]*>", re.sub("#.*", "", draft))
    if name == "population":  # its second operation answers yes or no, so there is no person to tell of
        draft = draft[: draft.index('\n[[services]]\nservice = "xac-thuc')]
    documents = {"registries/drafted.toml": draft, "registries/drafted.wsdl": WSDL[name]}
    configuration = load_configuration(documents)
    adapter = build_adapter(configuration.registries["drafted"], configuration.files, tmp_path)
    assert {spec.registry for spec in adapter.services} == {"drafted"}


def test_draft_lists_what_the_wsdl_has():
    """Every operation is a service; every place of request and reply is shown; names give guesses."""
    draft = draft_toml(WSDL["population"], "dancu")
    services = tomllib.loads(draft)["services"]
    assert [table["mapping"]["operation"] for table in services] == ["TraCuuThongTinCongDan", "XacThucThongTinCongDan"]
    first = services[0]["mapping"]
    assert first["request"]["SoDinhDanh"] == "subject.id"
    assert first["request"]["HoVaTen"] == "subject.full_name|upper"
    assert '# "SoCMND" = "subject.id"' in draft
    assert first["reply"]["record"] == "CongDan"
    assert first["fields"]["thuong_tru_ma_phuong_xa"] == {"path": "ThuongTru/MaPhuongXa", "type": "text"}
    assert services[1]["mapping"]["fields"]["ton_tai"] == {"path": "TonTai", "type": "boolean"}


def test_unusable_wsdl_is_refused():
    """What is no WSDL gives no draft but an error."""
    with pytest.raises(MappingError):
        draft_toml("<html/>", "x")
