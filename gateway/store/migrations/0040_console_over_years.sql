-- The console over millions of entries: look-ups counted by day, and fewer indexes for a look-up to pay for.

-- Exchanges as they ended, by local day (UTC+7). Every entry is counted once: the mark of its log moves in the same
-- transaction. '' stands for none.
CREATE TABLE lookup_day (
    day      date NOT NULL,
    unit     text COLLATE "C" NOT NULL,
    client   text COLLATE "C" NOT NULL,
    service  text COLLATE "C" NOT NULL,
    outcome  text COLLATE "C" NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    lookups  integer NOT NULL,
    last_at  timestamptz NOT NULL,
    PRIMARY KEY (day, unit, client, service, outcome, kind)
) WITH (fillfactor = 80);
CREATE INDEX lookup_day_by_unit ON lookup_day (unit, day);
CREATE INDEX lookup_day_by_client ON lookup_day (client, day);

-- Count what is new, at most p_most entries of each log. True: more waits.
CREATE FUNCTION audit_count_days(p_most integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    head record;
    past bigint;
    more boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(7041776, 13);
    FOR head IN SELECT h.log_id, h.next_index, coalesce(m.next, 0) AS next
                FROM log_head h LEFT JOIN audit_mark m ON m.source = 'days ' || h.log_id
                WHERE h.next_index > coalesce(m.next, 0) ORDER BY h.log_id LOOP
        past := least(head.next_index, head.next + p_most);
        INSERT INTO lookup_day AS held
        SELECT (e.at AT TIME ZONE interval '7 hours')::date, coalesce(e.unit, ''), coalesce(e.client, ''),
               coalesce(e.service, ''), coalesce(e.outcome, ''), e.kind, count(*), max(e.at)
        FROM entry e
        WHERE e.log_id = head.log_id AND e.index >= head.next AND e.index < past
          AND e.kind IN ('answered', 'refused', 'abandoned')
        GROUP BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (day, unit, client, service, outcome, kind) DO UPDATE
        SET lookups = held.lookups + excluded.lookups, last_at = greatest(held.last_at, excluded.last_at);
        INSERT INTO audit_mark VALUES ('days ' || head.log_id, past)
        ON CONFLICT (source) DO UPDATE SET next = excluded.next;
        more := more OR past < head.next_index;
    END LOOP;
    RETURN more;
END $$;

-- A dossier's look-ups were in two indexes; an outcome that nearly every look-up has is found by time alone.
DROP INDEX ended_by_dossier;
DROP INDEX entry_by_dossier;
CREATE INDEX entry_by_dossier ON entry (dossier, at)
WHERE dossier IS NOT NULL AND kind IN ('answered', 'refused', 'abandoned');
DROP INDEX ended_by_outcome;
CREATE INDEX ended_by_outcome ON entry (outcome, at)
WHERE kind IN ('answered', 'refused', 'abandoned') AND outcome <> 'found';

-- How exchanges about a person ended, as asked for or as the registry named the person, newest first: at most p_limit,
-- all where it is NULL. Planning over all partitions costs more than reading, so the plan is made once a session.
CREATE FUNCTION console_of_person(
    p_people bytea[], p_since timestamptz, p_at timestamptz, p_log integer, p_index bigint, p_likes text[],
    p_limit integer
) RETURNS TABLE (
    entry_id uuid, log_id integer, index bigint, at timestamptz, kind text, question uuid, client text, service text,
    procedure text, dossier text, unit text, officer bytea, outcome text
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.* FROM unnest(p_people) AS p(code) CROSS JOIN LATERAL (
        (SELECT e.entry_id, e.log_id, e.index, e.at, e.kind, e.question, e.client, e.service, e.procedure, e.dossier,
                e.unit, e.officer, e.outcome
         FROM entry e
         WHERE e.subject = p.code AND e.kind IN ('answered', 'refused', 'abandoned')
           AND e.at >= p_since AND e.at <= p_at AND (e.at, e.log_id, e.index) < (p_at, p_log, p_index)
           AND (p_likes IS NULL OR e.unit LIKE ANY (p_likes))
         ORDER BY e.at DESC, e.log_id DESC, e.index DESC LIMIT p_limit)
        UNION ALL
        (SELECT e.entry_id, e.log_id, e.index, e.at, e.kind, e.question, e.client, e.service, e.procedure, e.dossier,
                e.unit, e.officer, e.outcome
         FROM entry e
         WHERE e.person = p.code AND e.person IS DISTINCT FROM e.subject
           AND (e.subject IS NULL OR e.subject <> ALL (p_people)) AND e.kind IN ('answered', 'refused', 'abandoned')
           AND e.at >= p_since AND e.at <= p_at AND (e.at, e.log_id, e.index) < (p_at, p_log, p_index)
           AND (p_likes IS NULL OR e.unit LIKE ANY (p_likes))
         ORDER BY e.at DESC, e.log_id DESC, e.index DESC LIMIT p_limit)
    ) AS e;
END $$;

-- What lists by reason are filtered by, beside the reason: looking it up in the log costs more than all the rest.
ALTER TABLE explanation
    ADD COLUMN client text COLLATE "C",
    ADD COLUMN service text COLLATE "C",
    ADD COLUMN procedure text COLLATE "C",
    ADD COLUMN outcome text COLLATE "C",
    ADD COLUMN officer bytea;
UPDATE explanation x
SET client = e.client, service = e.service, procedure = e.procedure, outcome = e.outcome, officer = e.officer
FROM entry e WHERE e.log_id = x.log_id AND e.index = x.index AND e.at = x.at;
CREATE INDEX explanation_by_officer ON explanation (officer, at) WHERE kind <> 'open_dossier';

-- What one batch of the audit found, and how far it read, in one transaction. False: somebody else read on meanwhile,
-- and nothing was done. An alert of a judged entry that no longer holds is closed as withdrawn, unless it is in a case.
CREATE OR REPLACE FUNCTION audit_put(
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
    SELECT x.entry_id, x.log_id, x.index, x.at, x.agency, x.kind, x.version, x.detail, x.client, x.service, x.procedure,
           x.outcome, decode(x.officer, 'hex')
    FROM jsonb_to_recordset(p_explanations) AS x(
        entry_id uuid, log_id integer, index bigint, at timestamptz, agency text, kind text, version integer, detail jsonb,
        client text, service text, procedure text, outcome text, officer text)
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
