"""Claims against records, and the one verdict (PROTOCOL section 4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.claims import check_claim, compare_claim, verdict
from schemas.services import CATALOGUE, ServiceSpec

ADDRESS = {"province": "99", "district": None, "ward": "99001", "detail": "Số 1, phố Thử", "country": "VN"}
FATHER = {"full_name": "NGUYỄN VĂN THỬ", "personal_id": "099060000001"}


@pytest.mark.parametrize(
    ("field", "claimed", "recorded", "expected"),
    [
        ("full_name", "Nguyễn Thị Thử", "NGUYỄN THỊ THỬ", "match"),
        ("full_name", "Nguyen Thi Thu", "NGUYỄN THỊ THỬ", "review"),
        ("full_name", "Nguyễn Thị Thư", "NGUYỄN THỊ THỬ", "mismatch"),
        ("full_name", "Nguyễn Thị Thử", None, "unknown"),
        ("full_name", "Thử", "Th\u0443", "review"),
        ("birth_date", "1991-05-02", "1991-05-02", "match"),
        ("birth_date", "1991", "1991-05-02", "partial"),
        ("birth_date", "1991-01-01", "1991", "partial"),
        ("birth_date", "1992", "1991-05-02", "mismatch"),
        ("birth_date", "1991", "about 1991", "review"),
        ("sex", "female", "female", "match"),
        ("sex", "male", "female", "mismatch"),
        ("status", "Active", "ACTIVE ", "match"),
        ("nationality", "VN", "LA", "mismatch"),
        ("permanent_address", {"province": "99"}, ADDRESS, "match"),
        ("permanent_address", {"province": "99", "ward": None}, ADDRESS, "match"),
        ("permanent_address", {"detail": "số 1,  PHỐ THỬ"}, ADDRESS, "match"),
        ("permanent_address", {"province": "98", "district": "001"}, ADDRESS, "mismatch"),
        ("permanent_address", {"province": "99", "district": "001"}, ADDRESS, "unknown"),
        ("permanent_address", {"ward": None}, ADDRESS, "unknown"),
        ("permanent_address", {"province": "99"}, None, "unknown"),
        ("father", {"full_name": "Nguyễn Văn Thử"}, FATHER, "match"),
        ("father", {"full_name": "Nguyen Van Thu", "personal_id": "099060000001"}, FATHER, "review"),
        ("father", {"full_name": "Nguyễn Văn Thử", "personal_id": "099060000002"}, FATHER, "mismatch"),
        ("total_amount", 0, 0, "match"),
        ("total_amount", 1, 0, "mismatch"),
        ("obligations", [], [], "match"),
        ("valid", True, True, "match"),
        ("valid", 1, True, "mismatch"),
        ("full_name", 1, "Thử", "mismatch"),
        ("birth_date", "1991", 1991, "mismatch"),
    ],
)
def test_a_claim_is_compared_by_its_kind(field, claimed, recorded, expected):
    """Names by names, dates by dates, objects by the members claimed, all else by its words."""
    assert compare_claim(field, claimed, recorded) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["match"], "match"),
        (["match", "match"], "match"),
        (["match", "review"], "review"),
        (["match", "partial"], "review"),
        (["unknown"], "review"),
        (["unknown", "partial", "mismatch", "match"], "mismatch"),
    ],
)
def test_one_mismatch_decides_and_one_doubt_is_review(words, expected):
    """Any mismatch is a mismatch; any doubt else is review; only all matches match."""
    assert verdict(words) == expected


def test_no_claim_has_no_verdict():
    """Nothing compared is not a match."""
    with pytest.raises(ValueError, match="no claim"):
        verdict([])


@given(st.lists(st.sampled_from(["match", "mismatch", "review", "partial", "unknown"]), min_size=1))
def test_the_verdict_does_not_depend_on_the_order(words):
    """Sorted or not, the same claims give the same verdict, and `match` only for nothing but matches."""
    assert verdict(words) == verdict(sorted(words))
    assert (verdict(words) == "match") == (set(words) == {"match"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@given(st.sampled_from(CATALOGUE["population/person"].fields), JSON, JSON)
def test_any_two_values_are_compared(field, claimed, recorded):
    """Whatever a registry holds, comparing raises nothing and never matches what differs in type."""
    found = compare_claim(field, claimed, recorded)
    assert found in {"match", "mismatch", "review", "partial", "unknown"}
    if found == "match" and not isinstance(claimed, dict):
        assert type(claimed) is type(recorded)


def test_the_same_word_may_mean_another_thing_elsewhere():
    """A field that only a configured service has may be claimed in any small shape."""
    vat = ServiceSpec("vat", "check", ("tax_code",), (), ("status", "valid"))
    check_claim(vat, "status", 1)
    check_claim(vat, "valid", True)
    with pytest.raises(ValueError, match="must be a text"):
        check_claim(CATALOGUE["tax/taxpayer"], "status", 1)
    with pytest.raises(ValueError, match="too large"):
        check_claim(vat, "valid", [0] * 501)
