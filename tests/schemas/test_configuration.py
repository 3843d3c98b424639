"""A configuration is sound as a whole, or every fault of every file is named (DESIGN section 7)."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.configuration import ConfigurationError, diff, load_configuration

PEM = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
CLIENT = f"""
client = "H99.igate"
name = "Hệ thống một cửa tỉnh H99"
kind = "province"
[[keys]]
keyid = "h99-2026"
algorithm = "ed25519"
public_key = '''{PEM}'''
not_before = 2026-01-01T00:00:00+07:00
not_after = 2027-01-01T00:00:00+07:00
"""
AGREEMENT = """
agreement = "h99"
client = "H99.igate"
push_agencies = ["H99*"]
[[grants]]
service = "population/person"
procedures = ["9.999901", "9.999902"]
fields = ["full_name", "birth_date"]
legal_bases = ["law"]
agencies = ["H99*"]
dossier_rule = "none"
valid_from = 2026-01-01
valid_until = 2026-12-31
daily_quota = 1000
explain = true
[[grants]]
service = "vat/check"
procedures = ["9.999901"]
fields = ["valid"]
legal_bases = ["law", "consent"]
agencies = ["H99"]
dossier_rule = "party"
valid_from = 2026-01-01
valid_until = 2026-01-01
daily_quota = 1
"""
POPULATION = """
registry = "population"
adapter = "population"
url = "http://127.0.0.1:9101/"
[auth]
credentials_file = "population.toml"
"""
VAT = """
registry = "vat"
adapter = "soap"
url = "https://vat.example/dich-vu"
deadline_s = 2
[breaker]
min_calls = 5
[[services]]
service = "check"
id_types = ["tax_code"]
fields = ["valid", "name", "debts"]
sensitive = ["debts"]
[services.mapping]
wsdl = "vat.wsdl"
"""
PROCEDURE = """
procedure = "9.999901"
name = "Đăng ký thử nghiệm"
result_due = true
fee_due = true
[[components]]
code = "TP01"
name = "Giấy khai sinh"
mandatory = true
paper_by_law = false
[[components.replaced_by]]
service = "civil-status/birth"
fields = ["full_name", "birth_date"]
role = "child"
"""
SOUND = {
    "clients/H99.igate.toml": CLIENT,
    "agreements/h99.toml": AGREEMENT,
    "registries/population.toml": POPULATION,
    "registries/vat.toml": VAT,
    "registries/vat.wsdl": "<definitions/>",
    "procedures/9.999901.toml": PROCEDURE,
}


def faults(documents):
    """List the faults of a configuration as (file, pointer)."""
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(documents)
    assert all(problem.sentence for problem in caught.value.problems)
    return [(problem.file, problem.pointer) for problem in caught.value.problems]


def with_change(path, old, new):
    """Replace a text in one of the sound files."""
    assert old in SOUND[path]
    return {**SOUND, path: SOUND[path].replace(old, new)}


def test_a_sound_configuration_is_loaded():
    """Each table is there by its name, with defaults filled in and other files beside."""
    configuration = load_configuration(SOUND)
    client = configuration.clients["H99.igate"]
    assert (client.kind, client.suspended, client.keys[0].keyid) == ("province", False, "h99-2026")
    assert client.keys[0].not_before.isoformat() == "2026-01-01T00:00:00+07:00"
    agreement = configuration.agreements["h99"]
    assert agreement.push_agencies == ("H99*",)
    assert [row.explain for row in agreement.grants] == [True, False]
    assert agreement.grants[0].fields == ("full_name", "birth_date")
    assert agreement.grants[0].valid_until.isoformat() == "2026-12-31"
    population = configuration.registries["population"]
    assert (population.url, population.deadline_s, population.max_concurrent) == ("http://127.0.0.1:9101", 3.0, 64)
    assert (population.breaker.min_calls, population.breaker.window_s, population.retry_budget) == (20, 10.0, 0.1)
    assert population.tls is None
    assert configuration.registries["vat"].breaker.min_calls == 5
    assert configuration.procedures["9.999901"].components[0].replaced_by[0].role == "child"
    assert configuration.files == {"registries/vat.wsdl": "<definitions/>"}


def test_registries_say_what_they_offer():
    """A built-in adapter offers its part of the catalogue, a declared registry its own services."""
    registries = load_configuration(SOUND).registries
    assert [spec.name for spec in registries["population"].specs] == ["population/person"]
    (check,) = registries["vat"].specs
    assert (check.name, check.fields, check.sensitive) == ("vat/check", ("valid", "name", "debts"), {"debts"})


def test_an_empty_configuration_is_sound_and_allows_nothing():
    """No files, no clients: nobody is let in."""
    assert not load_configuration({}).clients


def test_a_configuration_cannot_be_changed():
    """What was judged is what is in force."""
    configuration = load_configuration(SOUND)
    with pytest.raises(TypeError):
        configuration.clients["x"] = configuration.clients["H99.igate"]
    with pytest.raises(ValueError, match="frozen"):
        configuration.clients["H99.igate"].suspended = True


@pytest.mark.parametrize(
    ("path", "old", "new", "pointer"),
    [
        ("clients/H99.igate.toml", '"province"', '"city"', "/kind"),
        ("clients/H99.igate.toml", 'client = "H99.igate"', 'client = "H98.igate"', "/client"),
        ("clients/H99.igate.toml", 'name = "', 'nickname = "x"\nname = "', "/nickname"),
        ("clients/H99.igate.toml", "ed25519", "none", "/keys/0/algorithm"),
        ("clients/H99.igate.toml", "2027-01-01T00:00:00+07:00", "2025-01-01T00:00:00+07:00", "/keys/0"),
        ("clients/H99.igate.toml", "2027-01-01T00:00:00+07:00", "2027-01-01T00:00:00", "/keys/0/not_after"),
        ("clients/H99.igate.toml", "PUBLIC KEY", "PRIVATE KEY", "/keys/0"),
        ("clients/H99.igate.toml", "-----BEGIN PUBLIC KEY-----\n", "", "/keys/0"),
        ("clients/H99.igate.toml", "h99-2026", "h99 2026", "/keys/0/keyid"),
        ("agreements/h99.toml", '["H99*"]\n[[', '["*"]\n[[', "/push_agencies/0"),
        ("agreements/h99.toml", '["H99*"]\n[[', "[]\n[[", "/push_agencies"),
        ("agreements/h99.toml", 'client = "H99.igate"', 'client = "nobody"', "/client"),
        ("agreements/h99.toml", "population/person", "population/people", "/grants/0/service"),
        ("agreements/h99.toml", '["full_name", "birth_date"]', '["*"]', "/grants/0/fields/0"),
        ("agreements/h99.toml", '["full_name", "birth_date"]', "[]", "/grants/0/fields"),
        ("agreements/h99.toml", '["full_name", "birth_date"]', '["full_name", "age"]', "/grants/0/fields/1"),
        ("agreements/h99.toml", '["full_name", "birth_date"]', '["sex", "sex"]', "/grants/0/fields"),
        ("agreements/h99.toml", '["valid"]', '["valued"]', "/grants/1/fields/0"),
        ("agreements/h99.toml", '"9.999902"', '"9.999902.H99"', "/grants/0/procedures/1"),
        ("agreements/h99.toml", '"9.999902"', '"*"', "/grants/0/procedures/1"),
        ("agreements/h99.toml", '["law"]', '["curiosity"]', "/grants/0/legal_bases/0"),
        ("agreements/h99.toml", '["law"]', "[]", "/grants/0/legal_bases"),
        ("agreements/h99.toml", '"party"', '"open"', "/grants/1/dossier_rule"),
        (
            "agreements/h99.toml",
            "valid_from = 2026-01-01\nvalid_until = 2026-12-31",
            "valid_from = 2026-01-01",
            "/grants/0/valid_until",
        ),
        ("agreements/h99.toml", "2026-12-31", "2025-12-31", "/grants/0"),
        ("agreements/h99.toml", "daily_quota = 1000", "daily_quota = 0", "/grants/0/daily_quota"),
        ("agreements/h99.toml", "daily_quota = 1000", 'daily_quota = "1000"', "/grants/0/daily_quota"),
        ("agreements/h99.toml", "explain = true", "explain = 1", "/grants/0/explain"),
        ("registries/population.toml", "http://127.0.0.1:9101/", "http://registry.example/", "/url"),
        ("registries/population.toml", "http://127.0.0.1:9101/", "https://u:p@registry.example/", "/url"),
        ("registries/population.toml", "http://127.0.0.1:9101/", "https://registry.example/?a=1", "/url"),
        ("registries/population.toml", "http://127.0.0.1:9101/", "ftp://127.0.0.1/", "/url"),
        ("registries/population.toml", "http://127.0.0.1:9101/", "https://registry.example:99999/", "/url"),
        ("registries/population.toml", '"population.toml"', '"../population.toml"', "/auth"),
        ("registries/population.toml", '"population.toml"', '"/etc/passwd"', "/auth"),
        ("registries/population.toml", '"population.toml"', '""', "/auth"),
        ("registries/population.toml", 'adapter = "population"', 'adapter = "tax"', ""),
        ("registries/population.toml", 'adapter = "population"', 'adapter = "rest"', ""),
        ("registries/vat.toml", "deadline_s = 2", "deadline_s = 0", "/deadline_s"),
        ("registries/vat.toml", "min_calls = 5", "failure_rate = 1.5", "/breaker/failure_rate"),
        ("registries/vat.toml", '["debts"]', '["secrets"]', "/services/0"),
        ("registries/vat.toml", '"tax_code"', '"phone"', "/services/0/id_types/0"),
        ("registries/vat.toml", "[breaker]", '[tls]\nclient_key_file = "k.pem"\n[breaker]', "/tls"),
        ("registries/vat.toml", "[breaker]", '[tls]\nca_file = "/k.pem"\n[breaker]', "/tls/ca_file"),
        (
            "procedures/9.999901.toml",
            "civil-status/birth",
            "civil-status/births",
            "/components/0/replaced_by/0/service",
        ),
        ("procedures/9.999901.toml", '"birth_date"', '"born"', "/components/0/replaced_by/0/fields/1"),
        ("procedures/9.999901.toml", '"child"', '"Con"', "/components/0/replaced_by/0/role"),
        ("procedures/9.999901.toml", "mandatory = true", 'mandatory = "yes"', "/components/0/mandatory"),
    ],
)
def test_each_fault_is_named_once(path, old, new, pointer):
    """One fault in one file gives one sentence that points at it."""
    assert faults(with_change(path, old, new)) == [(path, pointer)]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_plain_http_is_for_loopback(host):
    """A registry on this machine may be reached without TLS."""
    documents = with_change("registries/population.toml", "127.0.0.1", host)
    assert load_configuration(documents).registries["population"].url == f"http://{host}:9101"


def test_all_faults_come_at_once():
    """Faults of several files, not only the first, are listed in one error."""
    documents = {
        **with_change("clients/H99.igate.toml", '"province"', '"city"'),
        "agreements/h99.toml": AGREEMENT.replace('"law"', '"x"').replace("daily_quota = 1\n", "daily_quota = -1\n"),
        "procedures/9.999901.toml": "procedure =",
        "readme.md": "",
        "clients/deep/x.toml": "",
    }
    assert faults(documents) == [
        ("clients/deep/x.toml", ""),
        ("readme.md", ""),
        ("clients/H99.igate.toml", "/kind"),
        ("agreements/h99.toml", "/grants/0/legal_bases/0"),
        ("agreements/h99.toml", "/grants/1/legal_bases/0"),
        ("agreements/h99.toml", "/grants/1/daily_quota"),
        ("procedures/9.999901.toml", ""),
    ]


def test_a_keyid_belongs_to_one_client():
    """Two clients, or one client twice, cannot share a keyid."""
    other = CLIENT.replace("H99.igate", "H98.onegate")
    assert faults({**SOUND, "clients/H98.onegate.toml": other}) == [("clients/H99.igate.toml", "/keys/0/keyid")]
    twice = CLIENT + CLIENT[CLIENT.index("[[keys]]") :]
    assert faults({**SOUND, "clients/H99.igate.toml": twice}) == [("clients/H99.igate.toml", "/keys/1/keyid")]


def test_an_agreement_that_allows_nothing_is_a_mistake():
    """An agreement without grants, agencies to push for or reuse is refused."""
    empty = 'agreement = "h99"\nclient = "H99.igate"\n'
    assert faults({**SOUND, "agreements/h99.toml": empty}) == [("agreements/h99.toml", "")]
    pushing = load_configuration({**SOUND, "agreements/h99.toml": empty + 'push_agencies = ["G99*"]\n'})
    assert pushing.agreements["h99"].grants == ()


def test_a_faulty_registry_is_not_blamed_on_its_agreements():
    """Where a registry's own file is wrong, agreements on its services add no second fault."""
    assert faults({**SOUND, "registries/vat.toml": "x"}) == [("registries/vat.toml", "")]
    assert ("agreements/h99.toml", "/grants/1/service") in faults(
        {path: text for path, text in SOUND.items() if path != "registries/vat.toml"}
    )


def test_the_error_reads_as_lines():
    """The error's text has one line per fault: file, pointer, sentence."""
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(with_change("registries/population.toml", "http://127.0.0.1:9101/", "http://r.example/"))
    assert str(caught.value) == "registries/population.toml /url: http is for loopback only: use https"


@given(st.sampled_from(sorted(path for path in SOUND if path.endswith(".toml"))), st.data())
@settings(max_examples=150, deadline=None)
def test_any_line_may_be_missing_or_spoilt(path, data):
    """Whatever one line of a file becomes, the files load or are refused with `ConfigurationError`, and compare."""
    lines = SOUND[path].splitlines()
    position = data.draw(st.integers(0, len(lines) - 1))
    member = lines[position].partition("=")[0]
    values = st.sampled_from(["1", '""', "[]", "{}", "true", '"x"', '["x"]', "[[1]]", "1979-05-27", "nan", "-1", "?"])
    lines[position] = data.draw(st.sampled_from(["", f"{member}={data.draw(values)}"]))
    documents = {**SOUND, path: "\n".join(lines)}
    try:
        load_configuration(documents)
    except ConfigurationError as error:
        named = {problem.file for problem in error.problems}
    else:
        named = set()
    assert named <= set(SOUND)
    assert all(str(change) for change in diff(SOUND, documents))


def test_the_samples_are_toml():
    """The sound files of these tests are TOML, so that every refusal above has its stated reason."""
    for path, text in SOUND.items():
        if path.endswith(".toml"):
            assert tomllib.loads(text)
