-- Reuse and service quality (DESIGN section 6, PROTOCOL section 7): facts judged by the same rules as the pure
-- functions of `gateway/reuse`, and rollups of them. The application role reads the tables and calls the functions.
--
-- A cell is one day of acceptance (Asia/Ho_Chi_Minh, UTC+7), agency, procedure and registry ('' for all). The rule: a
-- cell is always the sum over its dossiers as they are. So whatever may change a dossier's facts is noted exactly
-- once, by marks that follow commit order (the feed's sequence, each log's index) or by triggers, and the cells that
-- the dossier is or ever was in are counted anew.

-- The catalogue of procedures, one version for each configuration that changed it; Python reads the documents.
CREATE TABLE reuse_catalogue (
    version     integer PRIMARY KEY,  -- of the first configuration that has this catalogue
    since       timestamptz NOT NULL
);
CREATE TABLE reuse_procedure (
    version     integer NOT NULL REFERENCES reuse_catalogue,
    procedure   text NOT NULL,
    result_due  boolean NOT NULL,
    PRIMARY KEY (version, procedure)
);
CREATE TABLE reuse_component (
    version       integer NOT NULL,
    procedure     text NOT NULL,
    component     text NOT NULL,
    mandatory     boolean NOT NULL,
    paper_by_law  boolean NOT NULL,
    PRIMARY KEY (version, procedure, component),
    FOREIGN KEY (version, procedure) REFERENCES reuse_procedure
);
CREATE TABLE reuse_replacement (
    version     integer NOT NULL,
    procedure   text NOT NULL,
    component   text NOT NULL,
    choice      smallint NOT NULL,  -- any of a component's choices replaces the paper
    service     text NOT NULL,
    role        text NOT NULL,
    fields      text[] NOT NULL,
    PRIMARY KEY (version, procedure, component, choice),
    FOREIGN KEY (version, procedure, component) REFERENCES reuse_component
);

CREATE TABLE reuse_cell (
    day date NOT NULL, agency text COLLATE "C" NOT NULL, procedure text NOT NULL, registry text NOT NULL,
    -- dossiers
    dossiers integer NOT NULL, declared integer NOT NULL, evidenced integer NOT NULL, with_needs integer NOT NULL,
    full_once_only integer NOT NULL, covered integer NOT NULL, acknowledged integer NOT NULL,
    acknowledged_evidenced integer NOT NULL, digitised integer NOT NULL, result_owed integer NOT NULL,
    result_electronic integer NOT NULL, online integer NOT NULL, due_ended integer NOT NULL, due_met integer NOT NULL,
    -- components that are needed: the funnel, and why the rest was missed
    needed integer NOT NULL, held integer NOT NULL, looked_up integer NOT NULL, answered integer NOT NULL,
    matched integer NOT NULL, used integer NOT NULL,
    not_connected integer NOT NULL, not_looked_up integer NOT NULL, lookup_failed integer NOT NULL,
    stale integer NOT NULL, mismatch integer NOT NULL, paper_by_law integer NOT NULL, citizen_chose integer NOT NULL,
    unknown integer NOT NULL,
    -- fields
    fields_needed integer NOT NULL, fields_covered integer NOT NULL, disclosed integer NOT NULL, beyond integer NOT NULL,
    PRIMARY KEY (day, agency, procedure, registry)
);
-- Dossiers that have not ended, by the local day they are due: whether they are late depends on who asks when.
CREATE TABLE reuse_open (
    day date NOT NULL, agency text COLLATE "C" NOT NULL, procedure text NOT NULL, registry text NOT NULL,
    due_day date NOT NULL, dossiers integer NOT NULL,
    PRIMARY KEY (day, agency, procedure, registry, due_day)
);
CREATE TABLE reuse_attribute (
    day date NOT NULL, agency text COLLATE "C" NOT NULL, procedure text NOT NULL, service text NOT NULL,
    field text NOT NULL, needed integer NOT NULL, covered integer NOT NULL,
    PRIMARY KEY (day, agency, procedure, service, field)
);
-- Seconds between an event and its recording, by the local day of recording; bucket n: under the n+1st bound.
CREATE TABLE reuse_lag (
    day date NOT NULL, agency text COLLATE "C" NOT NULL, procedure text NOT NULL, bucket smallint NOT NULL,
    events integer NOT NULL,
    PRIMARY KEY (day, agency, procedure, bucket)
);

CREATE TABLE reuse_mark (
    source  text PRIMARY KEY,  -- 'events', or 'log ' and its id
    next    bigint NOT NULL
);
CREATE TABLE reuse_touched (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dossier    text,
    lookup_id  uuid
);
CREATE TABLE reuse_dirty (
    day date NOT NULL, agency text COLLATE "C" NOT NULL, procedure text NOT NULL,
    PRIMARY KEY (day, agency, procedure)
);

CREATE AGGREGATE reuse_concat(text[]) (SFUNC = array_cat, STYPE = text[], INITCOND = '{}');

CREATE FUNCTION reuse_day(p_at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE AS $$ SELECT (p_at AT TIME ZONE interval '7 hours')::date $$;

-- Upper bounds of the lag's buckets in seconds, exclusive; each about a quarter above the one before.
CREATE FUNCTION reuse_lag_bounds() RETURNS float8[]
LANGUAGE sql IMMUTABLE AS $$ SELECT ARRAY[1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150,
    180, 240, 300, 360, 480, 600, 720, 900, 1200, 1500, 1800, 2400, 3000, 3600, 4500, 5400, 7200, 9000, 10800, 14400,
    18000, 21600, 28800, 36000, 43200, 54000, 64800, 86400, 108000, 129600, 172800, 216000, 259200, 345600, 432000,
    518400, 604800, 864000, 1209600, 1814400, 2592000]::float8[] $$;

-- When each catalogue was in force: the oldest also for what was accepted before there was one.
CREATE VIEW reuse_reign AS
SELECT version, CASE WHEN lag(since) OVER w IS NULL THEN '-infinity' ELSE since END AS since,
       coalesce(lead(since) OVER w, 'infinity') AS until
FROM reuse_catalogue WINDOW w AS (ORDER BY since, version);

CREATE FUNCTION reuse_touch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'lookup_outcome' THEN
        INSERT INTO reuse_touched (lookup_id) VALUES (NEW.lookup_id);
    ELSIF TG_TABLE_NAME = 'dossier' THEN
        INSERT INTO reuse_touched (dossier) VALUES (NEW.code);
    ELSE
        INSERT INTO reuse_touched (dossier) VALUES (NEW.dossier);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reuse_touch AFTER INSERT OR UPDATE ON lookup_outcome FOR EACH ROW EXECUTE FUNCTION reuse_touch();
CREATE TRIGGER reuse_touch AFTER UPDATE OF reopened ON dossier FOR EACH ROW
WHEN (OLD.reopened IS DISTINCT FROM NEW.reopened) EXECUTE FUNCTION reuse_touch();
CREATE TRIGGER reuse_touch AFTER UPDATE OF acknowledged ON delivery_head FOR EACH ROW
WHEN (OLD.acknowledged IS NULL AND NEW.acknowledged IS NOT NULL) EXECUTE FUNCTION reuse_touch();

-- The judgement of components (gateway/reuse/judging.py says the same in Python), one row a component; and one row
-- without a component for each registry asked about a dossier, with what its look-ups disclosed.
--
-- Planning over all partitions of the log costs more than judging a hundred dossiers, so the plan is made once a
-- session (generic): tables are entered by index from each dossier (LATERAL … OFFSET 0), and everything else is hashed.
-- `entry.dossier` has the database's collation, dossiers' codes have "C": without the word no index would serve.
CREATE FUNCTION reuse_measures(p_codes text[]) RETURNS TABLE (
    dossier text, component text, needed boolean, service text, registry text, stage smallint, cause text,
    lookups uuid[], obtained text, fields text[], covered text[], disclosed bigint, beyond bigint
) LANGUAGE plpgsql STABLE SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH d AS MATERIALIZED (
        SELECT d.code, d.client, d.procedure, d.channel, v.version,
               (SELECT min(e.recorded_at) FROM dossier_event e
                WHERE e.dossier = d.code AND e.applied AND e.status IN (3, 9, 10)) AS decided
        FROM dossier d LEFT JOIN reuse_reign v ON d.received_at >= v.since AND d.received_at < v.until
        WHERE d.code = ANY (p_codes) AND d.received_at IS NOT NULL
    ), l AS MATERIALIZED (
        SELECT e.question AS lookup_id, e.dossier, e.service, e.at, e.outcome, e.subject, e.person,
               x.leaf ->> 'component' AS component,
               ARRAY(SELECT jsonb_array_elements_text(CASE WHEN e.outcome = 'match' THEN (
                   SELECT convert_from(a.leaf, 'UTF8')::jsonb FROM entry a  -- the claims stand in the question
                   WHERE a.entry_id = e.question AND a.at BETWEEN e.at - interval '2 hours' AND e.at LIMIT 1
               ) ELSE x.leaf END -> 'fields')) AS fields,
               coalesce(cardinality(o.mismatch) > 0, false) AS mismatch
        FROM d CROSS JOIN LATERAL (
            SELECT e.* FROM entry e
            WHERE e.dossier = d.code COLLATE "default" AND e.kind = 'answered' AND e.client = d.client OFFSET 0) AS e
        CROSS JOIN LATERAL (SELECT convert_from(e.leaf, 'UTF8')::jsonb AS leaf OFFSET 0) AS x
        LEFT JOIN lookup_outcome o ON o.lookup_id = e.question
    ), stated AS MATERIALIZED (
        SELECT c.* FROM d CROSS JOIN LATERAL (
            SELECT * FROM dossier_component c WHERE c.dossier = d.code OFFSET 0) AS c
    ), known AS (
        SELECT d.code, k.* FROM d JOIN reuse_component k ON k.version = d.version AND k.procedure = d.procedure
    ), need AS MATERIALIZED (
        SELECT coalesce(k.code, s.dossier) AS dossier, coalesce(k.component, s.code) AS component,
               s.obtained IS DISTINCT FROM 'waived'
                   AND coalesce(s.required, CASE WHEN s.code IS NULL THEN k.mandatory ELSE true END) AS needed,
               coalesce(k.paper_by_law, false) AS paper_by_law, s.obtained, s.lookup_id
        FROM known k FULL JOIN stated s ON s.dossier = k.code AND s.code = k.component
    ), party AS MATERIALIZED (
        SELECT p.dossier, p.role, array_agg(p.pseudonym) AS people FROM d CROSS JOIN LATERAL (
            SELECT * FROM dossier_party p WHERE p.dossier = d.code OFFSET 0) AS p
        GROUP BY p.dossier, p.role
    ), chosen AS MATERIALIZED (
        SELECT n.*, d.channel, d.decided, r.choice, r.service, r.fields, p.people
        FROM need n JOIN d ON d.code = n.dossier
        LEFT JOIN reuse_replacement r
               ON r.version = d.version AND r.procedure = d.procedure AND r.component = n.component
        LEFT JOIN party p ON p.dossier = n.dossier AND p.role = r.role
    ), met AS (
        SELECT c.*, l.lookup_id AS found_id, l.at, l.outcome, l.fields AS told,
               l.outcome IN ('found', 'match') AS good,
               l.outcome IN ('found', 'no_match', 'match', 'review', 'mismatch') AS spoke,
               l.mismatch OR l.outcome = 'mismatch' AS disputed,
               coalesce(l.subject = ANY (c.people) OR l.person = ANY (c.people), false) AS about,
               (c.decided IS NULL OR l.at <= c.decided) AS in_time,
               (c.lookup_id IS NOT NULL OR l.component IS NOT NULL)
                   AND (c.lookup_id IS NULL OR c.lookup_id = l.lookup_id)
                   AND (l.component IS NULL OR l.component = c.component) AS bound
        FROM chosen c LEFT JOIN l ON l.dossier = c.dossier AND l.service = c.service
         AND (l.component IS NULL OR l.component = c.component OR l.lookup_id = c.lookup_id)
    ), told AS (
        SELECT m.*, coalesce(m.fields <@ m.told, false) AS whole,
               coalesce(m.good AND m.about AND m.in_time AND m.bound AND NOT m.disputed
                        AND m.obtained IN ('registry', 'prefilled'), false) AS proof
        FROM met m
    ), summed AS (
        SELECT t.dossier, t.component, t.needed, t.choice, t.service, t.fields, t.obtained, t.paper_by_law, t.channel,
               count(t.found_id) > 0 AS looked_up, coalesce(bool_or(t.spoke), false) AS spoke,
               coalesce(bool_or(t.good AND t.about AND NOT t.disputed), false) AS matched,
               bool_or(t.proof AND t.whole) AS proved, coalesce(bool_or(t.good), false) AS good,
               coalesce(bool_or(t.good AND NOT t.disputed), false) AS undisputed,
               coalesce(bool_or(t.disputed), false) AS disputed,
               coalesce(bool_or(t.good AND NOT t.disputed AND t.whole AND t.in_time), false) AS fresh,
               array_agg(t.found_id ORDER BY t.at, t.found_id) FILTER (WHERE t.found_id IS NOT NULL) AS candidates,
               array_agg(t.found_id ORDER BY t.at, t.found_id) FILTER (WHERE t.proof AND t.whole) AS proofs,
               reuse_concat(t.told) FILTER (WHERE t.proof) AS told
        FROM told t
        GROUP BY t.dossier, t.component, t.needed, t.choice, t.service, t.fields, t.obtained, t.paper_by_law, t.channel
    ), staged AS (
        SELECT s.*, ARRAY(SELECT f FROM unnest(s.fields) AS f WHERE f = ANY (s.told)) AS covered,
               CASE WHEN s.proved THEN 5 WHEN s.matched THEN 4 WHEN s.spoke THEN 3 WHEN s.looked_up THEN 2
                    WHEN s.service IS NOT NULL THEN 1 ELSE 0 END::smallint AS stage
        FROM summed s
    )
    (SELECT DISTINCT ON (s.dossier, s.component)
           s.dossier, s.component, s.needed, s.service, coalesce(split_part(s.service, '/', 1), ''), s.stage,
           CASE WHEN s.proved THEN NULL
                WHEN s.paper_by_law THEN 'paper_by_law'
                WHEN s.service IS NULL THEN 'not_connected'
                WHEN NOT s.looked_up THEN CASE
                    WHEN s.obtained IN ('typed', 'upload', 'card') AND s.channel IN ('online', 'post') THEN 'citizen_chose'
                    WHEN s.obtained IS NULL OR s.obtained IN ('store', 'earlier_dossier') THEN 'unknown'
                    ELSE 'not_looked_up' END
                WHEN NOT s.good THEN CASE WHEN s.disputed THEN 'mismatch' ELSE 'lookup_failed' END
                WHEN NOT s.undisputed THEN 'mismatch'
                WHEN NOT s.fresh THEN 'stale'
                WHEN s.obtained IN ('typed', 'upload', 'card', 'paper') THEN 'citizen_chose'
                ELSE 'unknown' END,
           coalesce(s.proofs, s.candidates, '{}'), s.obtained, coalesce(s.fields, '{}'), s.covered, 0::bigint, 0::bigint
    FROM staged s
    ORDER BY s.dossier, s.component, s.stage DESC, cardinality(s.covered) DESC, s.choice)
    UNION ALL
    SELECT t.dossier, NULL, false, NULL, t.registry, 0::smallint, NULL, '{}'::uuid[], NULL, '{}'::text[], '{}'::text[],
           sum(t.disclosed)::bigint, sum(t.disclosed - t.within)::bigint
    FROM (
        SELECT l.dossier, split_part(l.service, '/', 1) AS registry, cardinality(l.fields) AS disclosed,
               (SELECT count(*) FROM unnest(l.fields) AS f WHERE EXISTS (
                    SELECT FROM reuse_replacement r WHERE r.version = d.version AND r.procedure = d.procedure
                      AND r.service = l.service AND (l.component IS NULL OR r.component = l.component)
                      AND f = ANY (r.fields))) AS within
        FROM l JOIN d ON d.code = l.dossier
        JOIN reuse_procedure p ON p.version = d.version AND p.procedure = d.procedure
        WHERE l.outcome = 'found'
    ) AS t GROUP BY t.dossier, t.registry;
END $$;

-- What Decision 766 asks of whole dossiers (gateway/reuse/quality.py says the same in Python). `end_kind`: ended (then
-- `met` counts where it was due), open (then `due_day` counts), none (withdrawn before it was accepted).
CREATE FUNCTION reuse_quality(p_codes text[]) RETURNS TABLE (
    dossier text, day date, agency text, procedure text, declared boolean, digitised boolean, result_owed boolean,
    result_electronic boolean, online boolean, covered boolean, acknowledged boolean, end_kind text, met boolean,
    due_day date, declared_components text[]
) LANGUAGE plpgsql STABLE SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH d AS MATERIALIZED (
        SELECT d.*, v.version, coalesce((d.result ->> 'electronic')::boolean, false) AS electronic
        FROM dossier d LEFT JOIN reuse_reign v ON d.received_at >= v.since AND d.received_at < v.until
        WHERE d.code = ANY (p_codes) AND d.received_at IS NOT NULL
    ), e AS MATERIALIZED (
        SELECT e.dossier, e.status, e.occurred_at, e.rank, e.event_id, lag(e.status) OVER w AS before
        FROM d CROSS JOIN LATERAL (
            SELECT * FROM dossier_event e WHERE e.dossier = d.code AND e.applied OFFSET 0) AS e
        WINDOW w AS (PARTITION BY e.dossier ORDER BY e.occurred_at, e.rank, e.event_id)
    ), times AS (
        SELECT e.dossier, min(e.occurred_at) FILTER (WHERE e.status = 9) AS done,
               min(e.occurred_at) FILTER (WHERE e.status = 10) AS handed,
               bool_or(e.status IN (2, 4)) AS accepted,
               count(*) FILTER (WHERE e.status = 5 AND e.before IS DISTINCT FROM 5) AS requests,
               min(e.occurred_at) FILTER (WHERE e.status = 5) AS requested
        FROM e GROUP BY e.dossier
    ), ending AS (
        SELECT d.code, d.due_at, t.requests,
               d.status = 7 AND NOT t.accepted AND t.done IS NULL AND t.handed IS NULL AS void,
               coalesce(t.done, t.handed,
                        CASE WHEN d.status IN (3, 7, 8) THEN d.occurred_at WHEN t.requests > 0 THEN t.requested END) AS ended,
               t.done IS NULL AND t.handed IS NULL AND d.status NOT IN (3, 7, 8) AND t.requests > 1 AS asked_twice
        FROM d JOIN times t ON t.dossier = d.code
    ), turn AS (  -- rows where waiting for the citizen begins or ends
        SELECT e.dossier, e.status, e.occurred_at,
               lead(e.occurred_at) OVER (PARTITION BY e.dossier ORDER BY e.occurred_at, e.rank, e.event_id) AS until
        FROM e WHERE (e.status = 5) <> coalesce(e.before = 5, false)
    ), waited AS (
        SELECT x.code, sum(least(coalesce(t.until, x.ended), x.ended) - t.occurred_at) AS time
        FROM turn t JOIN ending x ON x.code = t.dossier
        WHERE t.status = 5 AND t.occurred_at < x.ended GROUP BY x.code
    ), parts AS (
        SELECT c.dossier, bool_or(c.reused) AS reused, bool_or(c.digitised) AS digitised,
               array_agg(c.code ORDER BY c.code) FILTER (WHERE c.reused) AS reused_codes
        FROM d CROSS JOIN LATERAL (
            SELECT * FROM dossier_component c WHERE c.dossier = d.code OFFSET 0) AS c
        GROUP BY c.dossier
    )
    SELECT d.code, reuse_day(d.received_at), d.agency, d.procedure, coalesce(parts.reused, false),
           coalesce(parts.digitised, false) AND (NOT owed.due OR d.electronic), owed.due, owed.due AND d.electronic,
           coalesce(d.channel = 'online', false) AND d.electronic, p.procedure IS NOT NULL, h.acknowledged IS NOT NULL,
           CASE WHEN x.void OR d.due_at IS NULL THEN 'none' WHEN x.ended IS NULL THEN 'open' ELSE 'ended' END,
           NOT x.asked_twice AND x.ended - coalesce(waited.time, interval '0') <= d.due_at,
           CASE WHEN x.ended IS NULL THEN reuse_day(d.due_at) END, coalesce(parts.reused_codes, '{}')
    FROM d JOIN ending x ON x.code = d.code JOIN times t ON t.dossier = d.code
    LEFT JOIN waited ON waited.code = d.code
    LEFT JOIN parts ON parts.dossier = d.code
    LEFT JOIN reuse_procedure p ON p.version = d.version AND p.procedure = d.procedure
    LEFT JOIN LATERAL (SELECT acknowledged FROM delivery_head h WHERE h.dossier = d.code OFFSET 0) AS h ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(p.result_due, true) AND (t.done IS NOT NULL OR t.handed IS NOT NULL) AS due) AS owed;
END $$;

-- Note what changed since the last time, at most p_most of each kind, and which cells it was or is in. True: more waits.
CREATE FUNCTION reuse_note(p_most integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    bound bigint;
    first bigint;
    past bigint;
    head record;
    more boolean := false;
    changed text[] := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(7041776, 12);
    SELECT last INTO STRICT bound FROM dossier_feed;
    SELECT coalesce((SELECT next FROM reuse_mark WHERE source = 'events'), 1) INTO first;
    past := least(bound + 1, first + p_most);
    IF past > first THEN
        changed := ARRAY(SELECT DISTINCT e.dossier FROM dossier_event e WHERE e.sequence >= first AND e.sequence < past);
        INSERT INTO reuse_lag AS held
        SELECT reuse_day(e.recorded_at), e.agency, e.procedure,
               width_bucket(extract(epoch FROM e.recorded_at - e.occurred_at)::float8, reuse_lag_bounds()), count(*)
        FROM dossier_event e WHERE e.sequence >= first AND e.sequence < past GROUP BY 1, 2, 3, 4
        ON CONFLICT (day, agency, procedure, bucket) DO UPDATE SET events = held.events + excluded.events;
        INSERT INTO reuse_mark VALUES ('events', past) ON CONFLICT (source) DO UPDATE SET next = excluded.next;
        more := past <= bound;
    END IF;
    FOR head IN SELECT h.log_id, h.next_index, coalesce(m.next, 0) AS next
                FROM log_head h LEFT JOIN reuse_mark m ON m.source = 'log ' || h.log_id
                WHERE h.next_index > coalesce(m.next, 0) ORDER BY h.log_id LOOP
        past := least(head.next_index, head.next + p_most);
        changed := changed || ARRAY(
            SELECT DISTINCT e.dossier FROM entry e
            WHERE e.log_id = head.log_id AND e.index >= head.next AND e.index < past
              AND e.kind = 'answered' AND e.dossier IS NOT NULL);
        INSERT INTO reuse_mark VALUES ('log ' || head.log_id, past) ON CONFLICT (source) DO UPDATE SET next = excluded.next;
        more := more OR past < head.next_index;
    END LOOP;
    WITH taken AS (
        DELETE FROM reuse_touched WHERE number IN (SELECT number FROM reuse_touched ORDER BY number LIMIT p_most)
        RETURNING dossier, lookup_id
    )
    SELECT changed || coalesce(array_agg(coalesce(t.dossier, e.dossier)), '{}') INTO changed
    FROM taken t LEFT JOIN LATERAL (
        SELECT a.dossier FROM entry a WHERE a.question = t.lookup_id AND a.kind = 'answered' LIMIT 1) AS e ON true;
    more := more OR EXISTS (SELECT FROM reuse_touched);
    INSERT INTO reuse_dirty
    SELECT DISTINCT reuse_day(x.received), d.agency, x.procedure
    FROM dossier d CROSS JOIN LATERAL (
        SELECT r.received, p.procedure
        FROM (SELECT d.received_at AS received UNION SELECT (e.content ->> 'received_at')::timestamptz
              FROM dossier_event e WHERE e.dossier = d.code AND e.content ? 'received_at') AS r,
             (SELECT d.procedure UNION SELECT e.procedure FROM dossier_event e WHERE e.dossier = d.code) AS p
        WHERE r.received IS NOT NULL
    ) AS x
    WHERE d.code = ANY (changed)
    ON CONFLICT DO NOTHING;
    RETURN more;
END $$;

-- Count at most p_most of the noted cells anew; returns how many were.
CREATE FUNCTION reuse_count(p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    days date[];
    agencies text[];
    procedures text[];
    codes text[];
BEGIN
    PERFORM pg_advisory_xact_lock(7041776, 12);
    WITH taken AS (
        DELETE FROM reuse_dirty WHERE (day, agency, procedure) IN (
            SELECT day, agency, procedure FROM reuse_dirty ORDER BY day, agency, procedure LIMIT p_most)
        RETURNING day, agency, procedure
    ) SELECT array_agg(day), array_agg(agency), array_agg(procedure) INTO days, agencies, procedures FROM taken;
    IF days IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM reuse_cell c USING unnest(days, agencies, procedures) AS t(d, a, p)
    WHERE c.day = t.d AND c.agency = t.a AND c.procedure = t.p;
    DELETE FROM reuse_open c USING unnest(days, agencies, procedures) AS t(d, a, p)
    WHERE c.day = t.d AND c.agency = t.a AND c.procedure = t.p;
    DELETE FROM reuse_attribute c USING unnest(days, agencies, procedures) AS t(d, a, p)
    WHERE c.day = t.d AND c.agency = t.a AND c.procedure = t.p;
    codes := ARRAY(
        SELECT d.code FROM unnest(days, agencies, procedures) AS t(d, a, p)
        JOIN dossier d ON d.agency = t.a AND d.procedure = t.p
         AND d.received_at >= (t.d::timestamp - interval '7 hours') AT TIME ZONE 'UTC'
         AND d.received_at < (t.d::timestamp + interval '17 hours') AT TIME ZONE 'UTC');
    WITH m AS MATERIALIZED (
        SELECT * FROM reuse_measures(codes)
    ), q AS MATERIALIZED (
        SELECT * FROM reuse_quality(codes)
    ), c AS MATERIALIZED (
        SELECT m.*, q.day, q.agency, q.procedure, m.component = ANY (q.declared_components) AS declared
        FROM m JOIN q ON q.dossier = m.dossier WHERE m.component IS NOT NULL
    ), part AS (
        SELECT c.dossier, coalesce(c.registry, '') AS registry, bool_or(c.stage = 5) AS evidenced,
               bool_or(c.declared) AS declared, count(*) FILTER (WHERE c.needed) AS needed,
               count(*) FILTER (WHERE c.needed AND c.stage >= 1) AS held,
               count(*) FILTER (WHERE c.needed AND c.stage >= 2) AS looked_up,
               count(*) FILTER (WHERE c.needed AND c.stage >= 3) AS answered,
               count(*) FILTER (WHERE c.needed AND c.stage >= 4) AS matched,
               count(*) FILTER (WHERE c.needed AND c.stage = 5) AS used,
               count(*) FILTER (WHERE c.needed AND c.cause = 'not_connected') AS not_connected,
               count(*) FILTER (WHERE c.needed AND c.cause = 'not_looked_up') AS not_looked_up,
               count(*) FILTER (WHERE c.needed AND c.cause = 'lookup_failed') AS lookup_failed,
               count(*) FILTER (WHERE c.needed AND c.cause = 'stale') AS stale,
               count(*) FILTER (WHERE c.needed AND c.cause = 'mismatch') AS mismatch,
               count(*) FILTER (WHERE c.needed AND c.cause = 'paper_by_law') AS paper_by_law,
               count(*) FILTER (WHERE c.needed AND c.cause = 'citizen_chose') AS citizen_chose,
               count(*) FILTER (WHERE c.needed AND c.cause = 'unknown') AS unknown,
               coalesce(sum(cardinality(c.fields)) FILTER (WHERE c.needed), 0) AS fields_needed,
               coalesce(sum(cardinality(c.covered)) FILTER (WHERE c.needed), 0) AS fields_covered
        FROM c GROUP BY GROUPING SETS ((c.dossier), (c.dossier, c.registry))
        HAVING grouping(c.registry) = 1 OR c.registry <> ''
    ), told AS (
        SELECT m.dossier, coalesce(m.registry, '') AS registry, sum(m.disclosed) AS disclosed, sum(m.beyond) AS beyond
        FROM m WHERE m.component IS NULL GROUP BY GROUPING SETS ((m.dossier), (m.dossier, m.registry))
    ), whole AS MATERIALIZED (
        SELECT q.*, r.registry, part.evidenced, part.needed, part.held, part.looked_up, part.answered, part.matched,
               part.used, part.not_connected, part.not_looked_up, part.lookup_failed, part.stale, part.mismatch,
               part.paper_by_law, part.citizen_chose, part.unknown, part.fields_needed, part.fields_covered,
               told.disclosed, told.beyond,
               CASE WHEN r.registry = '' THEN q.declared ELSE part.declared END AS flagged
        FROM q JOIN (SELECT dossier, '' AS registry FROM q
                     UNION SELECT dossier, registry FROM part) AS r ON r.dossier = q.dossier
        LEFT JOIN part ON part.dossier = q.dossier AND part.registry = r.registry
        LEFT JOIN told ON told.dossier = q.dossier AND told.registry = r.registry
    ), opened AS (
        INSERT INTO reuse_open
        SELECT day, agency, procedure, registry, due_day, count(*) FROM whole WHERE end_kind = 'open'
        GROUP BY day, agency, procedure, registry, due_day
    ), attributes AS (
        INSERT INTO reuse_attribute
        SELECT c.day, c.agency, c.procedure, c.service, f.name, count(*), count(*) FILTER (WHERE f.name = ANY (c.covered))
        FROM c, unnest(c.fields) AS f(name) WHERE c.needed AND c.service IS NOT NULL
        GROUP BY c.day, c.agency, c.procedure, c.service, f.name
    )
    INSERT INTO reuse_cell
    SELECT day, agency, procedure, registry, count(*), count(*) FILTER (WHERE flagged),
           count(*) FILTER (WHERE evidenced), count(*) FILTER (WHERE needed > 0),
           count(*) FILTER (WHERE needed > 0 AND used = needed), count(*) FILTER (WHERE covered),
           count(*) FILTER (WHERE acknowledged), count(*) FILTER (WHERE acknowledged AND evidenced),
           count(*) FILTER (WHERE digitised), count(*) FILTER (WHERE result_owed),
           count(*) FILTER (WHERE result_electronic), count(*) FILTER (WHERE online),
           count(*) FILTER (WHERE end_kind = 'ended'), count(*) FILTER (WHERE end_kind = 'ended' AND met),
           coalesce(sum(needed), 0), coalesce(sum(held), 0), coalesce(sum(looked_up), 0), coalesce(sum(answered), 0),
           coalesce(sum(matched), 0), coalesce(sum(used), 0), coalesce(sum(not_connected), 0),
           coalesce(sum(not_looked_up), 0), coalesce(sum(lookup_failed), 0), coalesce(sum(stale), 0),
           coalesce(sum(mismatch), 0), coalesce(sum(paper_by_law), 0), coalesce(sum(citizen_chose), 0),
           coalesce(sum(unknown), 0), coalesce(sum(fields_needed), 0), coalesce(sum(fields_covered), 0),
           coalesce(sum(disclosed), 0), coalesce(sum(beyond), 0)
    FROM whole GROUP BY day, agency, procedure, registry;
    RETURN cardinality(days);
END $$;

-- Take over the catalogue of one configuration. What was counted of the days since it came into force, or everything
-- where it is the first, is counted anew. p_tables: {"procedures": […], "components": […], "replacements": […]}.
CREATE FUNCTION reuse_catalogue_put(p_version integer, p_tables jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    oldest boolean;
    came timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(7041776, 12);
    SELECT applied_at INTO STRICT came FROM configuration WHERE version = p_version;
    oldest := NOT EXISTS (SELECT FROM reuse_catalogue WHERE version <> p_version);
    INSERT INTO reuse_catalogue VALUES (p_version, came) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO reuse_procedure SELECT p_version, x.procedure, x.result_due
    FROM jsonb_to_recordset(p_tables -> 'procedures') AS x(procedure text, result_due boolean);
    INSERT INTO reuse_component SELECT p_version, x.procedure, x.component, x.mandatory, x.paper_by_law
    FROM jsonb_to_recordset(p_tables -> 'components')
         AS x(procedure text, component text, mandatory boolean, paper_by_law boolean);
    INSERT INTO reuse_replacement SELECT p_version, x.procedure, x.component, x.choice, x.service, x.role, x.fields
    FROM jsonb_to_recordset(p_tables -> 'replacements')
         AS x(procedure text, component text, choice smallint, service text, role text, fields text[]);
    INSERT INTO reuse_dirty
    SELECT DISTINCT day, agency, procedure FROM reuse_cell WHERE oldest OR day >= reuse_day(came)
    ON CONFLICT DO NOTHING;
END $$;

-- Have a day's cells counted anew, whatever was noted.
CREATE FUNCTION reuse_recount(p_first date, p_past date) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    INSERT INTO reuse_dirty
    SELECT DISTINCT day, agency, procedure FROM reuse_cell WHERE day >= p_first AND day < p_past
    UNION
    SELECT DISTINCT reuse_day(received_at), agency, procedure FROM dossier
    WHERE reuse_day(received_at) >= p_first AND reuse_day(received_at) < p_past
    ON CONFLICT DO NOTHING;
$$;
