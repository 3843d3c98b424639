-- What has no usual reason, by province and by service: neither list goes through the country's.
CREATE INDEX explanation_by_root ON explanation (kind, split_part(agency, '.', 1), at) WHERE kind <> 'open_dossier';
CREATE INDEX explanation_by_reason ON explanation (kind, at, service) WHERE kind <> 'open_dossier';
