"""The sandbox's staff list."""

import tomllib

from gateway.demo import PURPOSE, SUBJECT
from gateway.sandbox.staff import DECOY, OFFICER, PROTECTED, RELATIVE, staff_document
from schemas.configuration_staff import StaffList


def test_the_list_is_sound_and_the_example_is_no_misuse():
    """It passes the checks of `lienthong check`; nobody of the protocol's example is watched or anybody's kin."""
    staff = StaffList.model_validate(tomllib.loads(staff_document()))
    assert OFFICER in {officer.id for officer in staff.officers}
    assert {one.id for one in staff.decoys} == {DECOY}
    assert SUBJECT["id"] not in {DECOY, PROTECTED, RELATIVE, *(officer.id for officer in staff.officers)}
    assert PURPOSE["officer"]["id"] == OFFICER


def test_the_decoy_is_nobody():
    """Its serial is one that no registry of the sandbox knows (PROTOCOL section 9)."""
    assert int(DECOY[6:]) >= 900_000
