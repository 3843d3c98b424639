-- name: current
SELECT c.version, c.documents::text FROM in_force f JOIN configuration c ON c.version = f.configuration;

-- name: version
SELECT configuration FROM in_force;

-- name: documents
SELECT documents::text FROM configuration WHERE version = $1;

-- name: history
SELECT version, digest, applied_by, applied_at FROM configuration ORDER BY version;

-- name: apply
SELECT configuration_apply($1::jsonb, $2, $3, $4);
