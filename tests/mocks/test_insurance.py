"""The insurer answers as DOMAIN 4 says."""

import json

import pytest

from mocks.behaviour import Mode
from mocks.credentials import insurance_secrets
from mocks.insurance import CARD_PATH, SOCIAL_PATH, Insurance
from mocks.insured import FOUND_CODES, SILENT_CODES, health_card
from mocks.names import full_name
from mocks.numbers import Key, insurance_code, personal_id
from mocks.people import birth
from mocks.server import Message
from mocks.special import CARD_CODES, EXAMPLE

NOW = 1_795_400_000.0
OFFICER = {"hoTenCb": "Trần Văn Cán", "cccdCb": "099085000009"}
RIGHT = {"maThe": "099191000001", "hoTen": "Nguyễn Thị Thử", "ngaySinh": "02/05/1991", **OFFICER}
SOCIAL = {"hoTen": "NGUYỄN THỊ THỬ", "ngaySinh": "19910502", "loaiNgaySinh": "0", "gioiTinh": ""} | OFFICER


@pytest.fixture
def registry(secrets_folder):
    """Make an insurer whose tokens live a minute."""
    return Insurance(insurance_secrets(secrets_folder), 60.0)


@pytest.fixture
def query(registry, log_in, never):
    """Log in: the query string with a fresh token."""
    request, query_of = log_in
    return query_of(registry.handle(request(), never).reply.body)


def ask(registry, query, question, path=CARD_PATH, mode=None, now=NOW, headers=None):
    """Ask about a person; the answer, and the line for the journal."""
    message = Message(path, query, headers or {}, json.dumps(question).encode(), now)
    handled = registry.handle(message, lambda _serial: mode)
    return json.loads(handled.reply.body), handled.entry


def test_log_in_gives_a_token_with_its_expiry(registry, log_in, never):
    """Right credentials get a token and a date-time; the log-in is not in the journal."""
    request, _ = log_in
    handled = registry.handle(request(), never)
    answer = json.loads(handled.reply.body)
    assert answer["maKetQua"] == "200"
    assert answer["APIKey"]["expires_in"].endswith("+07:00")
    assert handled.entry is None


def test_wrong_log_in_is_401(registry, log_in, never):
    """A wrong password gets no token."""
    request, _ = log_in
    assert json.loads(registry.handle(request("wrong"), never).reply.body) == {"maKetQua": "401", "APIKey": None}


@pytest.mark.parametrize("identifier", ["099191000001", insurance_code(EXAMPLE), health_card(EXAMPLE)])
def test_the_example_person_is_found_by_every_identifier(registry, query, identifier):
    """Personal number, code and card lead to the same card."""
    answer, entry = ask(registry, query, {**RIGHT, "maThe": identifier})
    assert answer["maKetQua"] == "000"
    assert answer["maThe"] == health_card(EXAMPLE)
    assert (answer["hoTen"], answer["ngaySinh"], answer["soDinhDanh"]) == (
        "NGUYỄN THỊ THỬ",
        "02/05/1991",
        "099191000001",
    )
    assert entry == ("NhanLichSuKCB2024", identifier, None, "found")


def test_the_request_id_comes_from_a_header(registry, query):
    """X-Request-Id goes into the journal."""
    _, entry = ask(registry, query, RIGHT, headers={"X-Request-Id": "r-7"})
    assert entry.request_id == "r-7"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"hoTen": "Nguyễn Thị Thư"}, "060"),
        ({"ngaySinh": "03/05/1991"}, "070"),
        ({"maThe": "099191900001"}, "050"),
        ({"maThe": "099191000400"}, "050"),
        ({"cccdCb": "099085000054"}, "054"),
        ({"cccdCb": "099085000055"}, "055"),
        ({"cccdCb": ""}, "054"),
        ({"hoTenCb": ""}, "055"),
    ],
)
def test_wrong_questions_are_told_why(registry, query, change, code):
    """Each error has its code and no data; all members are there."""
    answer, entry = ask(registry, query, RIGHT | change)
    right, _ = ask(registry, query, RIGHT)
    assert answer["maKetQua"] == code
    assert answer["hoTen"] == answer["maThe"] == ""
    assert answer.keys() == right.keys()
    assert entry.outcome == ("fault" if code in {"054", "055"} else "no_match")


def test_a_year_alone_is_compatible(registry, query):
    """A claim of the year finds the person."""
    assert ask(registry, query, RIGHT | {"ngaySinh": "1991"})[0]["maKetQua"] == "000"


@pytest.mark.parametrize(("serial", "code"), CARD_CODES.items())
def test_sample_persons_are_answered_with_their_code(registry, query, serial, code):
    """Data comes with the codes that tell of somebody, and with no other."""
    key = Key(0, 1985, serial)
    question = {"maThe": personal_id(key), "hoTen": full_name(key), "ngaySinh": birth(key).local("/"), **OFFICER}
    answer, entry = ask(registry, query, question)
    assert answer["maKetQua"] == code
    assert bool(answer["hoTen"]) == (code in FOUND_CODES)
    assert bool(answer["maTheMoi"]) == (code in {"003", "004"})
    assert entry.outcome == ("found" if code in FOUND_CODES else "no_match" if code in SILENT_CODES else "fault")


def test_tokens_expire(registry, query):
    """After its life a token is 401, and the look-up is refused."""
    assert ask(registry, query, RIGHT, now=NOW + 59)[0]["maKetQua"] == "000"
    answer, entry = ask(registry, query, RIGHT, now=NOW + 61)
    assert answer["maKetQua"] == "401"
    assert entry.outcome == "refused"


@pytest.mark.parametrize("part", ["token", "id_token", "username", "password"])
def test_every_part_of_the_query_is_checked(registry, query, part):
    """A wrong token, id token, user or password digest is 401."""
    wrong = "&".join(f"{pair}x" if pair.startswith(f"{part}=") else pair for pair in query.split("&"))
    assert ask(registry, wrong, RIGHT)[0]["maKetQua"] == "401"
    assert ask(registry, "", RIGHT, SOCIAL_PATH)[0]["errorCode"] == "401"


@pytest.mark.parametrize("identifier", [{"soDinhDanh": "099191000001"}, {"maSoBhxh": insurance_code(EXAMPLE)}])
def test_social_insurance_is_found_by_number_and_code(registry, query, identifier):
    """The code, the precision of the birth date and the state come back."""
    answer, entry = ask(registry, query, SOCIAL | identifier, SOCIAL_PATH)
    assert (answer["errorCode"], answer["maSoBhxh"], answer["loaiNgaySinh"]) == ("0", insurance_code(EXAMPLE), "0")
    assert answer["trangThai"] in {"1", "2", "3"}
    assert (entry.operation, entry.outcome) == ("getMaSoBhxhTheoTieuChi", "found")


def test_social_insurance_of_nobody_is_empty(registry, query):
    """Unknown people and wrong names get code 0 and empty members."""
    for change in ({"soDinhDanh": "099191900001"}, {"soDinhDanh": "099191000001", "hoTen": "KHÁC"}):
        answer, entry = ask(registry, query, SOCIAL | change, SOCIAL_PATH)
        assert (answer["errorCode"], answer["maSoBhxh"], answer["hoTen"]) == ("0", "", "")
        assert entry.outcome == "no_match"
    assert ask(registry, query, SOCIAL | {"cccdCb": "099085000054"}, SOCIAL_PATH)[0]["errorCode"] == "054"


@pytest.mark.parametrize("path", [CARD_PATH, SOCIAL_PATH])
@pytest.mark.parametrize("name", sorted(Insurance.content_modes))
def test_misbehaviour_changes_the_answer(registry, query, path, name):
    """Each mode of content gives another answer than the right one, and is in the journal."""
    question = RIGHT if path == CARD_PATH else SOCIAL | {"soDinhDanh": "099191000001"}
    right, _ = ask(registry, query, question, path)
    wrong, entry = ask(registry, query, question, path, Mode(name))
    assert entry.outcome == name
    assert wrong != right
    code = "maKetQua" if path == CARD_PATH else "errorCode"
    if name in {"fault", "refuse_auth"}:
        assert wrong[code] == ("500" if name == "fault" else "401")
    elif name == "two_results":
        assert len(wrong) == 2
    elif name == "drift":
        assert wrong.keys() ^ right.keys() == {"hoTen", "hoVaTen"}
    elif name in {"another_person", "wrong_request"}:
        assert wrong["soDinhDanh"] != right["soDinhDanh"]


def test_refused_authentication_voids_the_tokens(registry, query):
    """After `refuse_auth` only a new token helps."""
    ask(registry, query, RIGHT, mode=Mode("refuse_auth"))
    assert ask(registry, query, RIGHT)[0]["maKetQua"] == "401"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"maThe": 1}'])
def test_broken_requests_are_205(registry, query, never, body):
    """What is no object of texts has a bad format."""
    handled = registry.handle(Message(CARD_PATH, query, {}, body, NOW), never)
    assert json.loads(handled.reply.body)["maKetQua"] == "205"


def test_other_paths_are_not_found(registry, never):
    """There are three paths."""
    assert registry.handle(Message("/api/khac", "", {}, b"{}", NOW), never) is None
