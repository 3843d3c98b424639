-- name: user
SELECT login, name, role, scope, language, disabled, password, totp, totp_step FROM console_user WHERE login = $1;

-- name: users
SELECT login, name, role, scope, language, disabled, password, totp, totp_step FROM console_user ORDER BY login;

-- name: add_user
INSERT INTO console_user (login, name, role, scope, password, totp) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING RETURNING login;

-- Whatever changes what a user may do ends the user's sessions.

-- name: set_disabled
WITH ended AS (DELETE FROM console_session WHERE login = $1)
UPDATE console_user SET disabled = $2 WHERE login = $1 RETURNING login;

-- name: set_role
WITH ended AS (DELETE FROM console_session WHERE login = $1)
UPDATE console_user SET role = $2, scope = $3 WHERE login = $1 RETURNING login;

-- name: set_secrets
WITH ended AS (DELETE FROM console_session WHERE login = $1)
UPDATE console_user SET password = $2, totp = $3, totp_step = 0 WHERE login = $1 RETURNING login;

-- name: set_language
UPDATE console_user SET language = $2 WHERE login = $1;

-- name: spend_code
UPDATE console_user SET totp_step = $2 WHERE login = $1 AND totp_step < $2 AND NOT disabled RETURNING login;

-- name: open_session
INSERT INTO console_session (token, login, csrf, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5);

-- name: session
SELECT s.token, s.csrf, s.created_at, s.seen_at, s.expires_at,
       u.login, u.name, u.role, u.scope, u.language, u.disabled
FROM console_session s JOIN console_user u USING (login)
WHERE s.token = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND NOT u.disabled;

-- name: seen
UPDATE console_session SET seen_at = $2 WHERE token = $1 AND seen_at < $2;

-- name: close_session
DELETE FROM console_session WHERE token = $1;

-- name: drop_sessions
DELETE FROM console_session WHERE expires_at < $1 OR seen_at < $2;

-- name: slowed_until
SELECT max(slowed_until) FROM console_guess WHERE key = ANY ($1::bytea[]) AND slowed_until > $2;

-- A run of failures ends after a quiet day.

-- name: failed
INSERT INTO console_guess AS g (key, failed, failed_at, slowed_until) VALUES ($1, 1, $2, $2)
ON CONFLICT (key) DO UPDATE SET
    failed = CASE WHEN g.failed_at < $2 - interval '1 day' THEN 1 ELSE g.failed + 1 END, failed_at = $2
RETURNING failed;

-- name: slow
UPDATE console_guess SET slowed_until = $2 WHERE key = $1;

-- name: forgive
DELETE FROM console_guess WHERE key = $1;

-- name: drop_guesses
DELETE FROM console_guess WHERE failed_at < $1;

-- name: put_handle
INSERT INTO console_handle (handle, kind, pseudonyms, entry_id, made_by, case_id, reason, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: handle
SELECT handle, kind, pseudonyms, made_by, case_id, reason, made_at FROM console_handle WHERE handle = $1 AND kind = $2;

-- name: start_job
INSERT INTO console_job (kind, started_by, started_at) VALUES ($1, $2, $3) RETURNING job;

-- name: job_progress
UPDATE console_job SET progress = $2 WHERE job = $1;

-- name: end_job
UPDATE console_job SET ended_at = $2, result = $3 WHERE job = $1;

-- name: jobs
SELECT job, kind, started_by, started_at, ended_at, progress, result
FROM console_job WHERE kind = $1 ORDER BY job DESC LIMIT $2;

-- name: acts
SELECT e.log_id, l.origin, e.index, e.at, e.officer, e.outcome, e.leaf
FROM entry e JOIN log l USING (log_id)
WHERE e.kind = 'admin' AND e.at < $1 AND (e.at, e.log_id, e.index) < ($1, $2, $3)
  AND e.at >= $4
  AND ($5::bytea[] IS NULL OR e.officer = ANY ($5))
  AND e.officer IS NOT NULL
ORDER BY e.at DESC, e.log_id DESC, e.index DESC LIMIT $6;

-- name: sealed_at
SELECT signed_at FROM checkpoint WHERE log_id = $1 ORDER BY size DESC LIMIT 1;
