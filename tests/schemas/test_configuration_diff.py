"""Changes between configurations, for a human to read (DESIGN section 7)."""

import pytest

from schemas.configuration_diff import Change, diff

OLD = """
agreement = "h99"
client = "H99.igate"
[[grants]]
service = "population/person"
fields = ["full_name", "birth_date"]
daily_quota = 1000
explain = false
[[grants]]
service = "tax/taxpayer"
fields = ["name"]
"""


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("", "", []),
        ("daily_quota = 1000", "daily_quota = 500", ["grants[population/person].daily_quota changed: 1000 → 500"]),
        ("explain = false", "explain = true", ["grants[population/person].explain changed: false → true"]),
        ("explain = false", "", ["grants[population/person].explain removed: false"]),
        (
            '["full_name", "birth_date"]',
            '["full_name", "religion"]',
            [
                "grants[population/person].fields removed: birth_date",
                "grants[population/person].fields added: religion",
            ],
        ),
        (
            '["full_name", "birth_date"]',
            '["birth_date", "full_name"]',
            ["grants[population/person].fields changed: full_name, birth_date → birth_date, full_name"],
        ),
        ('"tax/taxpayer"', '"tax/obligations"', ["grants[tax/taxpayer] removed", "grants[tax/obligations] added"]),
        ("client =", "reuse_all = true\nclient =", ["reuse_all added: true"]),
        (
            '[[grants]]\nservice = "tax/taxpayer"\nfields = ["name"]',
            '[[grants]]\nservice = "population/person"\nfields = ["sex"]',
            ["grants[tax/taxpayer] removed", "grants[population/person #2] added"],
        ),
    ],
)
def test_a_change_is_told_by_object_and_member(old, new, lines):
    """Rows are known by their service, key or code; lists tell what came and went."""
    changes = diff({"agreements/h99.toml": OLD}, {"agreements/h99.toml": OLD.replace(old, new) if old else OLD})
    assert [str(change) for change in changes] == [f"agreement h99: {line}" for line in lines]


def test_whole_objects_come_and_go():
    """A file that appears or disappears is one change, named as what it is."""
    changes = diff(
        {"clients/a.toml": "", "registries/r.wsdl": "<a/>"},
        {"procedures/9.999901.toml": "", "registries/r.wsdl": "<b/>"},
    )
    assert [str(change) for change in changes] == [
        "client a removed",
        "procedure 9.999901 added",
        "file registries/r.wsdl changed",
    ]


def test_comments_and_layout_are_no_change():
    """Only values count."""
    assert diff({"clients/a.toml": "a = 1"}, {"clients/a.toml": "# new\na    = 1\n"}) == []


def test_a_type_is_a_value():
    """1 and true, 1 and 1.0 are different values in a configuration."""
    changes = diff({"clients/a.toml": "a = 1"}, {"clients/a.toml": "a = true"})
    assert changes == [Change("client a", "a", "changed", "1", "true")]
    assert len(diff({"clients/a.toml": "a = 1"}, {"clients/a.toml": "a = 1.0"})) == 1


def test_what_is_not_toml_is_compared_as_a_whole():
    """A file that cannot be read yet is reported as changed."""
    assert [str(change) for change in diff({"clients/a.toml": "a = 1"}, {"clients/a.toml": "a ="})] == [
        "client a changed"
    ]


def test_long_values_are_cut_to_a_line():
    """A key's PEM text is shown by its beginning, on one line."""
    (change,) = diff({"clients/a.toml": "k = 'x'"}, {"clients/a.toml": "k = '''" + "ab\n" * 50 + "'''"})
    assert len(change.after) == 60
    assert "\n" not in str(change)


def test_lists_that_become_empty_are_told():
    """All rows gone, or rows where there was a scalar, are changes too."""
    rows = '[[keys]]\nkeyid = "a"\n[[keys]]\nkeyid = "b"\n'
    assert [str(change) for change in diff({"clients/a.toml": rows}, {"clients/a.toml": "keys = []"})]
    assert [str(change) for change in diff({"clients/a.toml": rows}, {"clients/a.toml": rows[: len(rows) // 2]})] == [
        "client a: keys[b] removed"
    ]
