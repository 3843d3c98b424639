"""What binds a look-up to a dossier: it is open, it is the caller's, the subject is a party to it (DESIGN section 2).

The rule: the database is asked only where a row of the caller's agreement demands it, and one question settles
it. Parties are compared by pseudonym, under the keys of all live years; a relative is a party only where the
dossier says so.
"""

from gateway.agreements import DossierFacts, binding_scope
from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.snapshot import Snapshot
from gateway.store.database import Database, StoreError
from gateway.store.dossiers import read_facts
from schemas.grants import Subject
from schemas.identifiers import person_key
from schemas.services import ServiceSpec


class Binding:
    """Finds the facts that an agreement check needs."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms) -> None:
        self._database, self._pseudonyms = database, pseudonyms

    async def facts(
        self, snapshot: Snapshot, client: str, spec: ServiceSpec, subject: Subject, dossier: str | None
    ) -> DossierFacts | None:
        """Return what is known of the dossier; None where nothing is, or where no row of the client asks for it.

        Raises `EvidenceUnavailable` where the database does not answer: nothing may then be granted.
        """
        if dossier is None:
            return None
        scope = binding_scope(snapshot, client, spec)
        if not scope:
            return None
        person = person_key(subject.id_type, subject.id)
        try:
            found = await read_facts(self._database, scope, dossier, self._pseudonyms.everywhere(*person))
        except StoreError as error:
            raise EvidenceUnavailable(str(error)) from None
        if found is None:
            return None
        return DossierFacts(found.agency, found.open, frozenset({person}) if found.is_party else frozenset())
