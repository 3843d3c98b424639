-- The audit's own bookkeeping (gateway/audit): how far it has read, what officers usually do, which keys are known.
-- The gateway's role writes here through `audit_put` alone.

-- An alert is raised once a key however often its entries are judged; see `Hit.key`.
ALTER TABLE alert ADD COLUMN key text COLLATE "C";
CREATE UNIQUE INDEX alert_by_key ON alert (key);
ALTER TABLE alert DROP CONSTRAINT alert_rule_entry_id_key;
CREATE INDEX alert_by_subject ON alert (subject, at) WHERE subject IS NOT NULL;
CREATE INDEX alert_by_agency ON alert (agency, at);
CREATE INDEX explanation_by_agency ON explanation (agency, at);

CREATE TABLE audit_mark (
    source  text PRIMARY KEY,  -- 'events', or 'log ' and its id
    next    bigint NOT NULL
);
CREATE TABLE audit_officer_day (
    officer  bytea NOT NULL,
    day      date NOT NULL,
    unit     text COLLATE "C",
    lookups  integer NOT NULL,
    persons  integer NOT NULL,
    PRIMARY KEY (officer, day)
);
CREATE INDEX audit_officer_day_by_unit ON audit_officer_day (unit, day);
CREATE TABLE audit_client_key (
    client    text NOT NULL,
    keyid     text NOT NULL,
    first_at  timestamptz NOT NULL,
    PRIMARY KEY (client, keyid)
);
-- Approved batch jobs and assigned reviews of the staff lists.
CREATE TABLE audit_task (
    kind      text NOT NULL CHECK (kind IN ('batch', 'review')),
    approval  text NOT NULL,
    officers  bytea[] NOT NULL,
    client    text,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    version   integer NOT NULL
);

-- What one batch of the audit found, and how far it read, in one transaction. False: somebody else read on meanwhile,
-- and nothing was done. An alert of a judged entry that no longer holds is closed as withdrawn, unless it is in a case.
CREATE FUNCTION audit_put(
    p_source text, p_expected bigint, p_next bigint, p_now timestamptz, p_explanations jsonb, p_alerts jsonb,
    p_officers bytea[], p_days date[], p_keys jsonb
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    IF p_source IS NOT NULL THEN
        INSERT INTO audit_mark VALUES (p_source, 0) ON CONFLICT DO NOTHING;
        UPDATE audit_mark SET next = p_next WHERE source = p_source AND next = p_expected;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    END IF;
    INSERT INTO explanation AS held
    SELECT * FROM jsonb_to_recordset(p_explanations) AS x(
        entry_id uuid, log_id integer, index bigint, at timestamptz, agency text, kind text, version integer, detail jsonb)
    ON CONFLICT (entry_id) DO UPDATE SET kind = excluded.kind, version = excluded.version, detail = excluded.detail
    WHERE (held.kind, held.version, held.detail) IS DISTINCT FROM (excluded.kind, excluded.version, excluded.detail);
    INSERT INTO alert (key, rule, version, entry_id, log_id, index, officer, subject, agency, client, score,
                       sentence_vi, sentence_en, detail, happened_at, at)
    SELECT x.key, x.rule, x.version, x.entry_id, x.log_id, x.index, decode(x.officer, 'hex'), decode(x.subject, 'hex'),
           x.agency, x.client, x.score, x.sentence_vi, x.sentence_en, x.detail, x.happened_at, p_now
    FROM jsonb_to_recordset(p_alerts) AS x(
        key text, rule text, version integer, entry_id uuid, log_id integer, index bigint, officer text, subject text,
        agency text, client text, score float8, sentence_vi text, sentence_en text, detail jsonb,
        happened_at timestamptz)
    ON CONFLICT (key) DO UPDATE SET state = 'open', detail = excluded.detail
    WHERE alert.detail ? 'withdrawn' AND alert.case_id IS NULL;
    UPDATE alert SET state = 'closed', detail = detail || jsonb_build_object('withdrawn', p_now)
    WHERE entry_id IN (SELECT (x ->> 'entry_id')::uuid FROM jsonb_array_elements(p_explanations) AS x)
      AND key NOT IN (SELECT x ->> 'key' FROM jsonb_array_elements(p_alerts) AS x)
      AND state <> 'closed' AND case_id IS NULL;
    INSERT INTO audit_officer_day
    SELECT d.officer, d.day, max(e.unit), count(*), count(DISTINCT e.subject)
    FROM unnest(p_officers, p_days) AS d(officer, day)
    JOIN entry e ON e.officer = d.officer AND e.kind = 'answered'
     AND e.at >= d.day::timestamp AT TIME ZONE interval '7 hours'
     AND e.at < (d.day + 1)::timestamp AT TIME ZONE interval '7 hours'
    GROUP BY 1, 2
    ON CONFLICT (officer, day) DO UPDATE
    SET unit = excluded.unit, lookups = excluded.lookups, persons = excluded.persons;
    INSERT INTO audit_client_key
    SELECT * FROM jsonb_to_recordset(p_keys) AS x(client text, keyid text, first_at timestamptz)
    ON CONFLICT DO NOTHING;
    RETURN true;
END $$;

-- The staff lists of a configuration, whole; an older version than the one held changes nothing.
CREATE FUNCTION audit_staff_put(p_version integer, p_staff jsonb, p_watched jsonb, p_tasks jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    DELETE FROM staff;
    INSERT INTO staff (officer, person, agency, hours, relatives, household, version)
    SELECT decode(x.officer, 'hex'), ARRAY(SELECT decode(jsonb_array_elements_text(x.person), 'hex')), x.agency,
           x.hours, ARRAY(SELECT decode(jsonb_array_elements_text(x.relatives), 'hex')),
           ARRAY(SELECT decode(jsonb_array_elements_text(x.household), 'hex')), p_version
    FROM jsonb_to_recordset(p_staff) AS x(
        officer text, person jsonb, agency text, hours jsonb, relatives jsonb, household jsonb)
    ON CONFLICT DO NOTHING;
    DELETE FROM watched_person;
    INSERT INTO watched_person
    SELECT decode(x.pseudonym, 'hex'), x.kind, p_version FROM jsonb_to_recordset(p_watched) AS x(pseudonym text, kind text)
    ON CONFLICT DO NOTHING;
    DELETE FROM audit_task;
    INSERT INTO audit_task
    SELECT x.kind, x.approval, ARRAY(SELECT decode(jsonb_array_elements_text(x.officers), 'hex')), x.client,
           x.since, x.until, p_version
    FROM jsonb_to_recordset(p_tasks) AS x(
        kind text, approval text, officers jsonb, client text, since timestamptz, until timestamptz);
END $$;
