-- Manifests of exported evidence, to be signed by the keeper: the console has no key of the log. What is asked for names
-- the log's entry of the export, and the keeper signs only what that entry itself names.
CREATE TABLE evidence_manifest (
    digest    bytea PRIMARY KEY CHECK (length(digest) = 32),  -- SHA-256 of the manifest
    entry_id  uuid NOT NULL,
    asked_at  timestamptz NOT NULL DEFAULT now(),
    note      text                                            -- C2SP signed note
);
CREATE INDEX evidence_manifest_unsigned ON evidence_manifest (asked_at) WHERE note IS NULL;

CREATE FUNCTION console_manifest_ask(p_digest bytea, p_entry uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    INSERT INTO evidence_manifest (digest, entry_id) VALUES (p_digest, p_entry) ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION evidence_manifest_sign(p_digest bytea, p_note text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    UPDATE evidence_manifest SET note = p_note WHERE digest = p_digest AND note IS NULL RETURNING true;
$$;
