-- Alerts one by one and the settings of rules. $1 of what an auditor reads is the scope's patterns, NULL for everything.

-- name: one
SELECT alert_id, rule, version, entry_id, officer, subject, agency, client, score, sentence_vi, sentence_en,
       detail ->> 'withdrawn', happened_at, at, state, assigned_to, case_id, verdict, closed_by, closed_at
FROM alert WHERE alert_id = $2 AND ($1::text[] IS NULL OR agency LIKE ANY ($1));

-- name: events
SELECT step, at, by, action, assigned, verdict, note, entry_id FROM alert_event WHERE alert_id = $1 ORDER BY step;

-- name: step
SELECT console_alert_step($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: settings
SELECT DISTINCT ON (rule) rule, step, at, by, enabled, weight, limits, reason, entry_id
FROM audit_rule_setting ORDER BY rule, step DESC;

-- name: settings_of
SELECT rule, step, at, by, enabled, weight, limits, reason, entry_id
FROM audit_rule_setting WHERE rule = $1 ORDER BY step DESC LIMIT $2;

-- name: set_rule
SELECT console_rule_set($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9);
