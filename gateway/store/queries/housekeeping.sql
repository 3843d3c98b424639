-- name: make_partitions
SELECT make_partitions($1, $2);

-- name: drop_nonces
SELECT drop_old_nonces($1, $2);

-- name: drop_counters
SELECT drop_old_counters($1, $2);

-- name: raise_floor_to_age
SELECT raise_nonce_floor(extract(epoch FROM now())::bigint - $1::bigint);

-- name: raise_floor
SELECT raise_nonce_floor($1);

-- Both walk the log's key from its sweep mark on, and probe an index once a question. An answer may bear an earlier
-- time than its question where the clock was set back in between; the day keeps partitions of other years out.

-- name: open_questions
SELECT q.log_id, q.index, q.entry_id, q.leaf, greatest(0, extract(epoch FROM q.deadline - q.at))::float8
FROM entry q
WHERE q.log_id = $1 AND q.index >= (SELECT swept FROM log_head WHERE log_id = $1)
  AND q.kind = 'asked' AND q.deadline < $2
  AND (SELECT 1 FROM entry a WHERE a.question = q.entry_id AND a.at > q.at - interval '1 day' LIMIT 1) IS NULL
ORDER BY q.index LIMIT $3;

-- name: advance_sweep
WITH head AS MATERIALIZED (
    SELECT next_index FROM log_head WHERE log_id = $1
), mark AS MATERIALIZED (
    SELECT coalesce((
        SELECT q.index FROM entry q
        WHERE q.log_id = $1 AND q.index >= (SELECT swept FROM log_head WHERE log_id = $1) AND q.kind = 'asked'
          AND (SELECT 1 FROM entry a WHERE a.question = q.entry_id AND a.at > q.at - interval '1 day' LIMIT 1) IS NULL
        ORDER BY q.index LIMIT 1), next_index) AS index
    FROM head
)
SELECT index FROM mark, log_swept($1, index);
