-- name: server_version
SELECT current_setting('server_version_num');

-- name: is_alive
SELECT extract(epoch FROM clock_timestamp())::float8;

-- name: now
SELECT clock_timestamp();

-- name: name
SELECT current_database();

-- name: columns
SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped;
