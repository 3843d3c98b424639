"""An agreement's daily quota from outside: exactly so many look-ups, over all workers, and the rest refused unasked."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from gateway.sandbox.files import client_document
from mocks.sample import people
from signing.keys import Algorithm, SigningKey

pytestmark = [pytest.mark.usefixtures("healthy"), pytest.mark.timeout(120)]
CLIENT, QUOTA, ASKED = "H96.quota", 12, 40
LOCAL = timezone(timedelta(hours=7))


@pytest.fixture
def key(stack, tmp_path):
    """Register a client whose rows have a small quota, and take it out of the configuration again."""
    made, config = SigningKey.generate(Algorithm.ED25519, f"{CLIENT}-1"), tmp_path / "config"
    shutil.copytree(stack.directory / "config", config)
    agreement = (config / "agreements" / "H99.igate.toml").read_text().replace("H99.igate", CLIENT)
    small = agreement.replace("daily_quota = 50000000", f"daily_quota = {QUOTA}")
    (config / "agreements" / f"{CLIENT}.toml").write_text(small)
    (config / "clients" / f"{CLIENT}.toml").write_text(client_document(CLIENT, "Khách thử nghiệm", "other", made))
    done = stack.lienthong("apply", str(config))
    assert done.returncode == 0, done.stderr

    def known():
        return stack.ask(method="GET", target="/v1/registries", key=made).status == 200

    assert stack.settle(lambda: all(known() for _ in range(12)))  # by every worker: connections fall to any
    yield made
    assert stack.lienthong("apply", str(stack.directory / "config")).returncode == 0


def test_a_quota_is_exact_over_two_workers(stack, key):
    """Of forty at once exactly the quota is asked; each other one is 429, logged, and says when to come back."""
    persons = [person for person in people(3 * ASKED, 77) if person["expect"]["population/person"] == "found"][:ASKED]
    subjects = [
        {"id_type": "personal_id", "id": person["personal_id"], **{n: person[n] for n in ("full_name", "birth_date")}}
        for person in persons
    ]
    before = stack.calls()

    def look_up(subject):
        return stack.ask(body=stack.body(subject=subject), key=key)

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(look_up, subjects))
    refused = [answer for answer in answers if answer.status != 200]
    assert len(answers) - len(refused) == QUOTA
    assert stack.calls() == {**before, "population": before["population"] + QUOTA}
    for answer in refused:
        stack.refused(answer, "quota-exceeded", 429)
    now = datetime.now(LOCAL)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    waits = {int(answer.get("retry-after")) for answer in refused}
    assert all(abs(wait - (midnight - now).total_seconds()) < 60 or wait > 86_340 for wait in waits), waits


def test_a_row_has_its_own_quota(stack, key):
    """What one row used up leaves the others alone."""
    answer = stack.ask(target="/v1/lookups/insurance/health-card", body=stack.body(fields=["status"]), key=key)
    assert answer.status == 200
