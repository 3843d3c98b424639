-- name: lock
SELECT pg_advisory_lock(7041776, 0);

-- name: role_exists
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1);

-- name: prepare
CREATE SCHEMA IF NOT EXISTS lienthong;
CREATE TABLE IF NOT EXISTS lienthong.schema_migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: exists
SELECT to_regclass('lienthong.schema_migration') IS NOT NULL;

-- name: version
SELECT max(number) FROM lienthong.schema_migration;

-- name: record
INSERT INTO lienthong.schema_migration (number, name) VALUES ($1, $2);

-- name: set_role
SELECT set_config('lienthong.application_role', $1, true);
