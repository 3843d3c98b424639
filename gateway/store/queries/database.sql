-- name: server_version
SELECT current_setting('server_version_num');

-- name: is_alive
SELECT extract(epoch FROM clock_timestamp())::float8;

-- name: now
SELECT clock_timestamp();
