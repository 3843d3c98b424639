"""The sandbox's catalogue of procedures is realistic, checked, and has every shape that measuring has to tell apart."""

import tomllib

import pytest

from gateway.sandbox.agreements import PROCEDURES
from gateway.sandbox.procedures import CATALOGUE, procedure_document
from schemas.configuration import Procedure, load_configuration
from schemas.services import CATALOGUE as SERVICES


@pytest.fixture(scope="module")
def procedures():
    """Read the catalogue back as the gateway does."""
    documents = {f"procedures/{code}.toml": procedure_document(code) for code in CATALOGUE}
    return load_configuration(documents).procedures


def test_a_dozen_procedures_pass_the_check(procedures):
    """Every file is sound, and none names a service or a field that does not exist."""
    assert len(procedures) == 12
    assert all(isinstance(procedure, Procedure) and procedure.components for procedure in procedures.values())


def test_documents_say_what_the_table_says(procedures):
    """Names, flags and look-ups survive the way through TOML."""
    for code, procedure in CATALOGUE.items():
        read = procedures[code]
        assert (read.name, read.result_due, read.fee_due) == (procedure.name, procedure.result_due, procedure.fee_due)
        for component, paper in zip(read.components, procedure.papers, strict=True):
            assert (component.name, component.mandatory, component.paper_by_law) == (
                paper.name,
                paper.mandatory,
                paper.by_law,
            )
            assert [(by.service, " ".join(by.fields), by.role) for by in component.replaced_by] == (
                [tuple(paper.by)] if paper.by else []
            )


def test_no_replacement_needs_a_sensitive_field(procedures):
    """What replaces a paper is within what the sandbox's provinces are granted."""
    for procedure in procedures.values():
        for component in procedure.components:
            for by in component.replaced_by:
                assert not SERVICES[by.service].sensitive.intersection(by.fields)


def test_every_cause_of_missed_reuse_can_arise(procedures):
    """Some papers no registry holds, some the law demands on paper, some are optional, some are about relatives."""
    components = [component for procedure in procedures.values() for component in procedure.components]
    assert any(not component.replaced_by and not component.paper_by_law for component in components)
    assert any(component.paper_by_law for component in components)
    assert any(not component.mandatory for component in components)
    roles = {by.role for component in components for by in component.replaced_by}
    assert roles == {"applicant", "child", "mother", "father", "spouse", "deceased"}


def test_every_registry_replaces_something(procedures):
    """Each of the four registries, and each of their services, makes some paper superfluous."""
    used = {by.service for table in procedures.values() for part in table.components for by in part.replaced_by}
    assert used == set(SERVICES)


def test_the_agreed_procedures_are_described():
    """Codes are those of PROTOCOL section 9, and each document names its own."""
    for code in PROCEDURES:
        assert tomllib.loads(procedure_document(code))["procedure"] == code
