-- Alerts are taken on and closed by people, and rules are set by lead auditors; every step is an entry of the log first.

ALTER TABLE alert
    ADD COLUMN verdict text CHECK (verdict IN ('appropriate', 'inconclusive')),  -- anything worse is for a case
    ADD COLUMN closed_by text,
    ADD COLUMN closed_at timestamptz;

-- Append-only: each step, with its entry in the log.
CREATE TABLE alert_event (
    alert_id  bigint NOT NULL REFERENCES alert,
    step      integer NOT NULL,
    at        timestamptz NOT NULL,
    by        text NOT NULL,
    action    text NOT NULL CHECK (action IN ('assign', 'close', 'reopen')),
    assigned  text,
    verdict   text,
    note      text,
    entry_id  uuid NOT NULL,
    PRIMARY KEY (alert_id, step)
);

-- Append-only: the newest of a rule is in force; before the first the rule is as it was written.
CREATE TABLE audit_rule_setting (
    rule      text NOT NULL,
    step      integer NOT NULL,
    at        timestamptz NOT NULL,
    by        text NOT NULL,
    enabled   boolean NOT NULL,
    weight    float8 NOT NULL CHECK (weight > 0 AND weight < 1),
    limits    jsonb NOT NULL DEFAULT '{}',
    reason    text NOT NULL,
    entry_id  uuid NOT NULL,
    PRIMARY KEY (rule, step)
);

-- Take a step with an alert after `p_after` others; false where somebody took one meanwhile, or a case holds the alert.
CREATE FUNCTION console_alert_step(
    p_alert bigint, p_after integer, p_at timestamptz, p_by text, p_action text, p_assigned text, p_verdict text,
    p_note text, p_entry uuid
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    UPDATE alert SET
        state = CASE p_action WHEN 'assign' THEN 'assigned' WHEN 'close' THEN 'closed' ELSE 'open' END,
        assigned_to = CASE p_action WHEN 'assign' THEN p_assigned WHEN 'close' THEN assigned_to END,
        verdict = CASE p_action WHEN 'close' THEN p_verdict END,
        closed_by = CASE p_action WHEN 'close' THEN p_by END,
        closed_at = CASE p_action WHEN 'close' THEN p_at END
    WHERE alert_id = p_alert AND case_id IS NULL AND NOT detail ? 'withdrawn'
      AND (state = 'closed') = (p_action = 'reopen')
      AND (SELECT count(*) FROM alert_event e WHERE e.alert_id = p_alert) = p_after;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO alert_event (alert_id, step, at, by, action, assigned, verdict, note, entry_id)
    VALUES (p_alert, p_after, p_at, p_by, p_action, p_assigned, p_verdict, p_note, p_entry);
    RETURN true;
END $$;

-- Set a rule after `p_after` other settings; false where somebody set it meanwhile.
CREATE FUNCTION console_rule_set(
    p_rule text, p_after integer, p_at timestamptz, p_by text, p_enabled boolean, p_weight float8, p_limits jsonb,
    p_reason text, p_entry uuid
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7041782, hashtext(p_rule));
    IF (SELECT count(*) FROM audit_rule_setting s WHERE s.rule = p_rule) <> p_after THEN
        RETURN false;
    END IF;
    INSERT INTO audit_rule_setting VALUES (p_rule, p_after, p_at, p_by, p_enabled, p_weight, p_limits, p_reason, p_entry);
    RETURN true;
END $$;
