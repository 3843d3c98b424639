-- Manifests of exported evidence (0031_signed_manifests.sql).

-- name: ask
SELECT console_manifest_ask($1, $2);

-- name: note
SELECT note FROM evidence_manifest WHERE digest = $1;

-- name: unsigned
SELECT m.digest, e.leaf FROM evidence_manifest m JOIN entry e ON e.entry_id = m.entry_id
WHERE m.note IS NULL AND m.asked_at > now() - interval '1 hour' AND e.kind = 'admin' ORDER BY m.asked_at LIMIT 20;

-- name: sign
SELECT evidence_manifest_sign($1, $2);
