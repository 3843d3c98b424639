-- name: claim
SELECT c.dossier, c.token, c.doubtful, c.attempts, c.acknowledged, c.sequence, c.late, c.payload,
       e.client, e.event_id, e.applied, d.received_at, d.due_at, d.first_at, d.channel, d.fee_due, d.result::text,
       (SELECT json_agg(json_build_object('code', p.code, 'name', p.name, 'obtained', p.obtained,
                                          'lookup_id', p.lookup_id, 'digitised', p.digitised, 'reused', p.reused)
                        ORDER BY p.code)::text
        FROM dossier_component p WHERE p.dossier = c.dossier) AS components
FROM delivery_claim($1, $2) AS c JOIN dossier_event e ON e.sequence = c.sequence JOIN dossier d ON d.code = c.dossier;

-- name: settle
SELECT delivery_settle($1, $2, $3, $4, $5, $6);

-- name: replay
SELECT delivery_replay($1, $2);

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
SELECT sequence, late, queued_at, delivered_at, how, payload IS NOT NULL
FROM delivery WHERE dossier = $1 ORDER BY sequence;

-- name: head
SELECT h.dossier, h.next, h.attempts, h.last_error, h.parked, h.parked_at, h.due_at, h.in_doubt, h.acknowledged,
       h.acknowledged_at, (SELECT count(*) FROM delivery d WHERE d.dossier = h.dossier AND d.delivered_at IS NULL)
FROM delivery_head h WHERE h.dossier = $1;

-- name: open_session
SELECT compat_session_open($1, $2, $3);

-- name: session
SELECT account FROM compat_session WHERE key = $1 AND expires_at > clock_timestamp();

-- name: reported
SELECT event_id, occurred_at FROM dossier_event WHERE client = $1 AND event_id = ANY ($2::text[]);

-- name: own_dossiers
SELECT d.code, d.agency, d.procedure, d.status, d.occurred_at, d.received_at, d.due_at
FROM dossier d WHERE d.code = ANY ($1::text[]) AND d.client = $2 AND d.agency LIKE ANY ($3::text[]);
