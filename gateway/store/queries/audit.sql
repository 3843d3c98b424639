-- name: entries
SELECT * FROM entry WHERE log_id = $1 AND (index, at) > ($2, $3) ORDER BY index, at LIMIT $4;

-- name: next_log_id
SELECT min(log_id) FROM entry WHERE log_id > $1;

-- name: tiles
SELECT index, data FROM tile WHERE log_id = $1 AND level = $2 AND index BETWEEN $3 AND $4;

-- name: tiles_beyond
SELECT t.level, t.index FROM tile t
LEFT JOIN unnest($2::integer[], $3::bigint[]) AS expected(level, tiles) USING (level)
WHERE t.log_id = $1 AND (t.index < 0 OR t.index >= coalesce(expected.tiles, 0)) ORDER BY 1, 2 LIMIT 10;

-- name: checkpoints
SELECT size, note FROM checkpoint WHERE log_id = $1 AND size > $2 ORDER BY size LIMIT $3;

-- name: beyond_head
SELECT e.index FROM entry e JOIN log_head h USING (log_id)
WHERE e.log_id = $1 AND e.index >= h.next_index ORDER BY e.index LIMIT 1;

-- The pairing queries probe an index once a question: a scalar subquery is never turned into a scan of the table.

-- name: unknown_questions
SELECT asked.id FROM unnest($1::uuid[]) AS asked(id)
WHERE (SELECT 1 FROM entry q WHERE q.entry_id = asked.id AND q.kind = 'asked' LIMIT 1) IS NULL;

-- name: answered_twice
SELECT asked.id FROM unnest($1::uuid[]) AS asked(id)
WHERE (SELECT 1 FROM entry a WHERE a.question = asked.id AND a.kind = 'answered' OFFSET 1 LIMIT 1) IS NOT NULL;

-- name: never_closed
SELECT asked.id FROM unnest($1::uuid[]) AS asked(id)
WHERE (SELECT 1 FROM entry a WHERE a.question = asked.id LIMIT 1) IS NULL;
