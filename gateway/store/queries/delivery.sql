-- name: claim
SELECT * FROM delivery_next($1, $2);

-- name: settle
SELECT delivery_settle($1, $2, $3, $4, $5, $6);

-- name: recall
SELECT delivery_recall($1);

-- name: replay
SELECT delivery_replay($1, $2, $3);

-- name: drop_payloads
SELECT delivery_drop_payloads($1, $2);

-- name: backlog
SELECT count(*), extract(epoch FROM clock_timestamp() - min(queued_at))::float8,
       (SELECT count(*) FROM delivery_head WHERE parked IS NOT NULL)
FROM delivery WHERE delivered_at IS NULL;

-- name: heads
SELECT h.dossier, h.next, h.attempts, h.last_error, h.parked, h.parked_at, h.due_at, h.in_doubt, h.acknowledged,
       h.acknowledged_at, (SELECT count(*) FROM delivery d WHERE d.dossier = h.dossier AND d.delivered_at IS NULL)
FROM delivery_head h
WHERE h.next IS NOT NULL AND ($1 = 'all' OR ($1 = 'parked') = (h.parked IS NOT NULL))
ORDER BY h.parked IS NULL, h.next LIMIT $2;

-- name: of_dossier
SELECT d.sequence, d.late, d.queued_at, d.delivered_at, d.how, d.payload IS NOT NULL
FROM dossier_event e JOIN delivery d ON d.sequence = e.sequence WHERE e.dossier = $1 ORDER BY d.sequence;

-- name: head
SELECT h.dossier, h.next, h.attempts, h.last_error, h.parked, h.parked_at, h.due_at, h.in_doubt, h.acknowledged,
       h.acknowledged_at, (SELECT count(*) FROM delivery d WHERE d.dossier = h.dossier AND d.delivered_at IS NULL)
FROM delivery_head h WHERE h.dossier = $1;
