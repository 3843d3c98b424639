-- name: open_session
SELECT compat_session_open($1, $2, $3);

-- name: session
SELECT account FROM compat_session WHERE key = $1 AND expires_at > clock_timestamp();

-- name: reported
SELECT event_id, occurred_at FROM dossier_event WHERE client = $1 AND event_id = ANY ($2::text[]);

-- name: own_dossiers
SELECT d.code, d.agency, d.procedure, d.status, d.occurred_at, d.received_at, d.due_at
FROM dossier d WHERE d.code = ANY ($1::text[]) AND d.client = $2 AND d.agency LIKE ANY ($3::text[]);
