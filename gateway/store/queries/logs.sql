-- name: lease
SELECT slot FROM generate_series(0, $1::integer) AS slot WHERE pg_try_advisory_lock(7041777, slot) LIMIT 1;

-- name: lead
SELECT pg_try_advisory_lock(7041778, $1);

-- name: open
SELECT log_id, origin, next_index FROM log_open($1, $2, $3);

-- name: suspend
SELECT log_suspend($1, $2);

-- name: reopen
SELECT log_reopen($1, $2, $3, $4);

-- name: states
SELECT l.log_id, l.origin, l.slot, h.next_index, coalesce(c.size, 0), h.suspended, h.closed_why
FROM log l JOIN log_head h USING (log_id)
LEFT JOIN LATERAL (SELECT size FROM checkpoint WHERE log_id = l.log_id ORDER BY size DESC LIMIT 1) AS c ON true
ORDER BY l.log_id;

-- name: tile
SELECT data FROM tile WHERE log_id = $1 AND level = $2 AND index = $3;

-- name: leaf_hashes
SELECT index, sha256('\x00'::bytea || leaf) FROM entry
WHERE log_id = $1 AND index >= $2 AND index < $2::bigint + $3::integer ORDER BY index;

-- name: newest_checkpoint
SELECT note FROM checkpoint WHERE log_id = $1 ORDER BY size DESC LIMIT 1;

-- name: seal
SELECT log_seal($1, $2, $3, $4, $5, $6, $7);

-- name: entry_at
SELECT e.log_id, l.origin, e.index, e.at, e.kind, e.client, e.leaf
FROM entry e JOIN log l USING (log_id) WHERE e.log_id = $1 AND e.index = $2;

-- name: entries_of_request
SELECT e.log_id, l.origin, e.index, e.at, e.kind, e.client, e.leaf
FROM entry e JOIN log l USING (log_id) WHERE e.request_id = $1 ORDER BY e.at, e.log_id, e.index LIMIT 1000;

-- name: entry_by_id
SELECT e.log_id, l.origin, e.index, e.at, e.kind, e.client, e.leaf
FROM entry e JOIN log l USING (log_id) WHERE e.entry_id = $1 LIMIT 1;

-- name: wrapped_key
SELECT wrapped FROM sealing_key WHERE key_id = $1;
