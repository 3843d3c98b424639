"""The sandbox's configuration is what PROTOCOL section 9 promises."""

import pytest

from gateway.keyfiles import client_document
from gateway.sandbox.agreements import PROCEDURES, documents, registry_document
from gateway.sandbox.layout import MINISTRY, PROVINCE, REGISTRIES, STRICT_PROVINCE
from schemas.configuration import load_configuration
from schemas.services import CATALOGUE
from signing.keys import Algorithm, SigningKey


@pytest.fixture(scope="module")
def configuration():
    """Load the whole configuration, which must be sound."""
    texts = documents()
    for client in (PROVINCE, STRICT_PROVINCE, MINISTRY):
        key = SigningKey.generate(Algorithm.ED25519, f"{client}-1")
        texts[f"clients/{client}.toml"] = client_document(client, client, "province", key)
    for mock, registry in REGISTRIES.items():
        texts[f"registries/{registry}.toml"] = registry_document(mock, "http://127.0.0.1:9101")
    return load_configuration(texts)


@pytest.mark.parametrize("client", [PROVINCE, STRICT_PROVINCE])
def test_provinces_may_ask_every_service_for_all_but_sensitive_fields(configuration, client):
    """Both provinces have one row a service, with every field that is not sensitive, and the nine procedures."""
    rows = {row.service: row for row in configuration.agreements[client].grants}
    assert set(rows) == set(CATALOGUE)
    for name, row in rows.items():
        assert set(row.fields) == set(CATALOGUE[name].fields) - CATALOGUE[name].sensitive
        assert row.procedures == tuple(f"9.99990{number}" for number in range(1, 10))
        assert set(row.legal_bases) == {"law", "consent", "vital_interest"}


def test_the_first_province_needs_no_dossier_and_sees_verdicts_of_persons(configuration):
    """H99 asks for any well-formed dossier of its agencies; only population/person explains its verdicts."""
    rows = configuration.agreements[PROVINCE].grants
    assert {(row.dossier_rule, row.agencies) for row in rows} == {("none", ("H99*",))}
    assert [row.service for row in rows if row.explain] == ["population/person"]


def test_the_second_province_is_strict(configuration):
    """H98 asks only about parties of its own open dossiers."""
    rows = configuration.agreements[STRICT_PROVINCE].grants
    assert {(row.dossier_rule, row.agencies, row.explain) for row in rows} == {("party", ("H98*",), False)}


def test_everyone_pushes_for_its_own_agencies_and_the_ministry_asks_nothing(configuration):
    """Push agencies are each caller's own; the ministry has no grants."""
    pushes = {name: agreement.push_agencies for name, agreement in configuration.agreements.items()}
    assert pushes == {PROVINCE: ("H99*",), STRICT_PROVINCE: ("H98*",), MINISTRY: ("G99*",)}
    assert configuration.agreements[MINISTRY].grants == ()


def test_registries_have_the_sandbox_figures(configuration):
    """Deadline 3 s, breaker at 20 calls and half of them within 10 s, probe after 2 s."""
    assert set(configuration.registries) == {"population", "insurance", "civil-status", "tax"}
    for registry in configuration.registries.values():
        breaker = registry.breaker
        assert (registry.deadline_s, registry.retry_budget) == (3.0, 0.1)
        assert (breaker.min_calls, breaker.failure_rate, breaker.window_s, breaker.probe_after_s) == (20, 0.5, 10, 2)


def test_the_agreed_procedures_are_in_the_catalogue(configuration):
    """The provinces' nine procedures are all described; the catalogue holds more."""
    assert set(PROCEDURES) < set(configuration.procedures)
    granted = {
        code for agreement in configuration.agreements.values() for row in agreement.grants for code in row.procedures
    }
    assert granted == set(PROCEDURES)
