-- Dossiers: what callers reported, in one append-only table, and the state that follows from it (PROTOCOL 5,
-- DESIGN 6). The application role reads these tables and writes through the functions of this file alone.
--
-- `sequence` is the feed's cursor and must be stable: whoever has read up to N must never find a smaller number
-- afterwards. So numbers are taken from one row that a batch locks until it has committed: batches commit in the
-- order of their numbers, and no number is visible before every smaller one is. (Reading by transaction ids would
-- not survive a restore into another cluster.) A batch of 100 holds the row for some 15 ms. The same lock orders
-- everything else here, so batches never wait for each other in a circle.

CREATE TABLE dossier_feed (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    last      bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
INSERT INTO dossier_feed DEFAULT VALUES;

-- Append-only but for `applied`, which follows the projection: an event that comes late can end a dossier before
-- others, and a reopening lets kept ones take effect.
CREATE TABLE dossier_event (
    sequence     bigint PRIMARY KEY,
    client       text NOT NULL,
    event_id     text COLLATE "C" NOT NULL,
    dossier      text COLLATE "C" NOT NULL,
    procedure    text NOT NULL,   -- national code
    agency       text COLLATE "C" NOT NULL,  -- big to small
    root         text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(agency, '.', 1)) STORED,
    status       smallint NOT NULL CHECK (status BETWEEN 1 AND 10),
    rank         smallint NOT NULL CHECK (rank BETWEEN 0 AND 9),
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,  -- the gateway's clock, as in the log
    digest       bytea NOT NULL,  -- keyed hash of all parsed values: tells a duplicate from a conflict, and no more
    content      jsonb NOT NULL,  -- channel, received_at, due_at, fee_due, result, components: as far as stated
    parties      jsonb,           -- [{role, id_type, pseudonym (hex)}]; NULL: not stated
    party_year   integer,         -- year of the pseudonyms' key
    sealed       jsonb,           -- officer, parties' numbers, note: as `sealed` of an entry (k, n, c)
    late         boolean NOT NULL,
    warning      text,            -- unusual-transition, after-final-status
    applied      boolean NOT NULL,  -- false: kept after a final state
    source       text NOT NULL CHECK (source IN ('api', 'compat')),
    binds        boolean NOT NULL,  -- whether look-ups may be bound to what it says
    request_id   text NOT NULL,   -- of the exchange that brought it: leads to its entry in the log
    UNIQUE (client, event_id)
);
CREATE INDEX dossier_event_in_order ON dossier_event (dossier, occurred_at, rank, event_id);
CREATE INDEX dossier_event_feed ON dossier_event (root, sequence);

CREATE TABLE dossier (
    code         text COLLATE "C" PRIMARY KEY,
    agency       text COLLATE "C" NOT NULL,  -- the one that first reported it
    client       text NOT NULL,              -- the one through which it was first reported
    procedure    text NOT NULL,
    status       smallint NOT NULL,
    occurred_at  timestamptz NOT NULL,       -- of the newest event applied
    first_at     timestamptz NOT NULL,       -- when the gateway first heard of it
    received_at  timestamptz,
    due_at       timestamptz,
    channel      text,
    fee_due      boolean,
    result       jsonb,
    events       integer NOT NULL DEFAULT 0,
    newest       bigint NOT NULL DEFAULT 0,  -- sequence of the newest event applied
    binds        boolean NOT NULL,           -- of that event
    final        boolean NOT NULL,           -- in a final state that was not reopened
    reopened     bigint NOT NULL DEFAULT 0,  -- final states recorded up to this sequence end nothing any more
    reopened_at  timestamptz
) WITH (fillfactor = 80);
CREATE INDEX dossier_by_agency ON dossier (agency, received_at);
CREATE INDEX dossier_by_received ON dossier (received_at);

-- Members are NULL until an event states them.
CREATE TABLE dossier_component (
    dossier    text COLLATE "C" NOT NULL REFERENCES dossier,
    code       text COLLATE "C" NOT NULL,
    name       text,
    obtained   text,
    lookup_id  uuid,
    digitised  boolean,
    reused     boolean,
    required   boolean,
    sequence   bigint NOT NULL,  -- of the newest applied event that states this component
    PRIMARY KEY (dossier, code)
);
CREATE INDEX dossier_component_by_lookup ON dossier_component (lookup_id) WHERE lookup_id IS NOT NULL;

CREATE TABLE dossier_party (
    dossier    text COLLATE "C" NOT NULL REFERENCES dossier,
    role       text NOT NULL,
    id_type    text NOT NULL,
    pseudonym  bytea NOT NULL,
    year       integer NOT NULL,
    binds      boolean NOT NULL,
    sequence   bigint NOT NULL,  -- of the event that stated the parties
    PRIMARY KEY (dossier, pseudonym, role)
);
CREATE INDEX dossier_party_by_person ON dossier_party (pseudonym);

-- What became of an answer, as its caller told last.
CREATE TABLE lookup_outcome (
    lookup_id  uuid PRIMARY KEY,  -- entry id of the question
    client     text NOT NULL,
    used       text[] NOT NULL,
    mismatch   text[] NOT NULL,
    at         timestamptz NOT NULL
);

CREATE AGGREGATE dossier_merge(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');

-- Whether a change of status is a usual one (DOMAIN section 5); a status may be told again.
CREATE FUNCTION dossier_usual(p_from smallint, p_to smallint) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_from = p_to OR CASE p_from
        WHEN 1 THEN p_to IN (2, 3, 5, 7)
        WHEN 2 THEN p_to IN (4, 5, 6, 7, 8, 9)
        WHEN 4 THEN p_to IN (5, 6, 7, 8, 9)
        WHEN 5 THEN p_to IN (2, 4, 7, 8, 9)
        WHEN 6 THEN p_to IN (2, 4, 7, 8, 9)
        WHEN 8 THEN p_to = 4
        WHEN 9 THEN p_to = 10
        ELSE false END;
$$;

-- Replaced by the migration that adds deliveries. Called once a batch, inside its transaction, with the events that
-- are new, in order; p_payload is the whole event, encrypted for the gateway's own use (gateway/dossiers/carrying.py).
CREATE FUNCTION delivery_enqueue(
    p_sequence bigint[], p_dossier text[], p_late boolean[], p_payload bytea[]
) RETURNS void LANGUAGE plpgsql SET search_path = lienthong, pg_temp AS $$
BEGIN
    NULL;
END $$;

-- The states of some dossiers, from all their events: the same values as `schemas.dossiers.project`.
CREATE FUNCTION dossier_project(p_codes text[]) RETURNS void
LANGUAGE plpgsql SET search_path = lienthong, pg_temp AS $$
DECLARE
    moved boolean;
BEGIN
    -- the first final state in order that was not reopened ends a dossier: only its own status may follow
    WITH ending AS (
        SELECT DISTINCT ON (e.dossier) e.dossier, e.occurred_at, e.rank, e.event_id, e.status
        FROM dossier_event e JOIN dossier d ON d.code = e.dossier
        WHERE e.dossier = ANY (p_codes) AND e.status IN (3, 7, 10) AND e.sequence > d.reopened
        ORDER BY e.dossier, e.occurred_at, e.rank, e.event_id
    ), changed AS (
        UPDATE dossier_event e SET applied = NOT e.applied
        FROM dossier_event f LEFT JOIN ending USING (dossier)
        WHERE e.sequence = f.sequence AND f.dossier = ANY (p_codes)
          AND f.applied <> coalesce(
              (f.occurred_at, f.rank, f.event_id) <= (ending.occurred_at, ending.rank, ending.event_id)
              OR f.status = ending.status, true)
        RETURNING 1
    ) SELECT EXISTS (SELECT FROM changed) INTO moved;

    WITH folded AS (
        SELECT e.dossier, dossier_merge(e.content - 'components' ORDER BY e.occurred_at, e.rank, e.event_id) AS stated,
               bool_or(e.status IN (3, 7, 10) AND e.sequence > d.reopened) AS final
        FROM dossier_event e JOIN dossier d ON d.code = e.dossier
        WHERE e.dossier = ANY (p_codes) AND e.applied GROUP BY e.dossier
    ), newest AS (
        SELECT DISTINCT ON (dossier) dossier, sequence, status, occurred_at, procedure, binds
        FROM dossier_event WHERE dossier = ANY (p_codes) AND applied
        ORDER BY dossier, occurred_at DESC, rank DESC, event_id DESC
    )
    UPDATE dossier d SET
        procedure = n.procedure, status = n.status, occurred_at = n.occurred_at, newest = n.sequence, binds = n.binds,
        final = f.final,
        received_at = (f.stated ->> 'received_at')::timestamptz, due_at = (f.stated ->> 'due_at')::timestamptz,
        channel = f.stated ->> 'channel', fee_due = (f.stated ->> 'fee_due')::boolean, result = f.stated -> 'result'
    FROM folded f JOIN newest n USING (dossier) WHERE d.code = f.dossier;

    IF moved THEN
        DELETE FROM dossier_component WHERE dossier = ANY (p_codes);
    END IF;
    INSERT INTO dossier_component AS held
    SELECT m.dossier, m.code, m.c ->> 'name', m.c ->> 'obtained', (m.c ->> 'lookup_id')::uuid,
           (m.c ->> 'digitised')::boolean, (m.c ->> 'reused')::boolean, (m.c ->> 'required')::boolean, m.sequence
    FROM (
        SELECT e.dossier, c ->> 'code' AS code, dossier_merge(c ORDER BY e.occurred_at, e.rank, e.event_id) AS c,
               (array_agg(e.sequence ORDER BY e.occurred_at DESC, e.rank DESC, e.event_id DESC))[1] AS sequence
        FROM dossier_event e, jsonb_array_elements(e.content -> 'components') AS c
        WHERE e.dossier = ANY (p_codes) AND e.applied AND e.content ? 'components' GROUP BY 1, 2
    ) AS m
    ON CONFLICT (dossier, code) DO UPDATE SET
        name = excluded.name, obtained = excluded.obtained, lookup_id = excluded.lookup_id,
        digitised = excluded.digitised, reused = excluded.reused, required = excluded.required,
        sequence = excluded.sequence
    WHERE held IS DISTINCT FROM excluded;

    INSERT INTO dossier_party AS held
    SELECT DISTINCT ON (s.dossier, p.pseudonym, p.role)
           s.dossier, p.role, p.id_type, decode(p.pseudonym, 'hex'), s.party_year, s.binds, s.sequence
    FROM (
        SELECT DISTINCT ON (dossier) dossier, sequence, parties, party_year, binds
        FROM dossier_event WHERE dossier = ANY (p_codes) AND applied AND parties IS NOT NULL
        ORDER BY dossier, occurred_at DESC, rank DESC, event_id DESC
    ) AS s, jsonb_to_recordset(s.parties) AS p(role text, id_type text, pseudonym text)
    ON CONFLICT (dossier, pseudonym, role) DO UPDATE
    SET year = excluded.year, binds = excluded.binds, sequence = excluded.sequence
    WHERE held.sequence <> excluded.sequence;
    DELETE FROM dossier_party p
    WHERE p.dossier = ANY (p_codes) AND p.sequence IS DISTINCT FROM (
        SELECT e.sequence FROM dossier_event e
        WHERE e.dossier = p.dossier AND e.applied AND e.parties IS NOT NULL
        ORDER BY e.occurred_at DESC, e.rank DESC, e.event_id DESC LIMIT 1);
END $$;

-- One batch: the events of one client, in the order sent. Per event `fates` says: 0 accepted, 1 late, 2 duplicate,
-- 3 conflict (the event_id was used for other content), 4 foreign (the dossier is another agency's), 5 too many
-- (a dossier takes p_most events); `sequences` and `warnings` likewise, NULL where there is none.
CREATE FUNCTION dossier_receive(
    p_client text, p_source text, p_binds boolean, p_request_id text, p_now timestamptz, p_most integer,
    p_event_id text[], p_dossier text[], p_procedure text[], p_agency text[], p_status smallint[], p_rank smallint[],
    p_occurred_at timestamptz[], p_digest bytea[], p_content text[], p_parties text[], p_year integer,
    p_sealed text[], p_payload bytea[], p_key_id bytea, p_key_wrapped bytea,
    OUT fates smallint[], OUT sequences bigint[], OUT warnings text[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    counted bigint;
    known record;
    owner record;
    before smallint;
    ending record;
    is_late boolean;
    barred boolean;
    word text;
    fresh integer[] := '{}';
BEGIN
    SELECT last INTO STRICT counted FROM dossier_feed FOR UPDATE;
    IF p_key_id IS NOT NULL THEN
        INSERT INTO sealing_key (key_id, wrapped) VALUES (p_key_id, p_key_wrapped) ON CONFLICT DO NOTHING;
    END IF;
    FOR i IN 1 .. cardinality(p_event_id) LOOP
        SELECT e.sequence, e.digest, e.warning INTO known
        FROM dossier_event e WHERE e.client = p_client AND e.event_id = p_event_id[i];
        IF FOUND THEN
            fates[i] := CASE WHEN known.digest = p_digest[i] THEN 2 ELSE 3 END;
            sequences[i] := CASE WHEN known.digest = p_digest[i] THEN known.sequence END;
            warnings[i] := NULL;
            CONTINUE;
        END IF;
        INSERT INTO dossier AS d (code, agency, client, procedure, status, occurred_at, first_at, binds, final, events)
        VALUES (p_dossier[i], p_agency[i], p_client, p_procedure[i], p_status[i], p_occurred_at[i], p_now, p_binds,
                false, 1)
        ON CONFLICT (code) DO UPDATE SET events = d.events + 1 WHERE d.agency = excluded.agency AND d.events < p_most
        RETURNING d.reopened, d.events INTO owner;
        IF NOT FOUND THEN
            fates[i] := (SELECT CASE WHEN agency = p_agency[i] THEN 5 ELSE 4 END FROM dossier WHERE code = p_dossier[i]);
            sequences[i] := NULL;
            warnings[i] := NULL;
            CONTINUE;
        END IF;
        is_late := false;
        barred := false;
        word := NULL;
        IF owner.events > 1 THEN
            SELECT e.status INTO before FROM dossier_event e
            WHERE e.dossier = p_dossier[i]
              AND (e.occurred_at, e.rank, e.event_id) < (p_occurred_at[i], p_rank[i], p_event_id[i])
            ORDER BY e.occurred_at DESC, e.rank DESC, e.event_id DESC LIMIT 1;
            IF FOUND AND NOT dossier_usual(before, p_status[i]) THEN
                word := 'unusual-transition';
            END IF;
            SELECT EXISTS (
                SELECT FROM dossier_event e WHERE e.dossier = p_dossier[i]
                  AND (e.occurred_at, e.rank, e.event_id) > (p_occurred_at[i], p_rank[i], p_event_id[i])
            ) INTO is_late;
            SELECT e.occurred_at, e.rank, e.event_id, e.status INTO ending FROM dossier_event e
            WHERE e.dossier = p_dossier[i] AND e.status IN (3, 7, 10) AND e.sequence > owner.reopened
            ORDER BY e.occurred_at, e.rank, e.event_id LIMIT 1;
            IF FOUND AND ending.status <> p_status[i]
               AND (ending.occurred_at, ending.rank, ending.event_id) < (p_occurred_at[i], p_rank[i], p_event_id[i]) THEN
                barred := true;
                word := 'after-final-status';
            END IF;
        END IF;
        counted := counted + 1;
        INSERT INTO dossier_event (sequence, client, event_id, dossier, procedure, agency, status, rank, occurred_at,
                                   recorded_at, digest, content, parties, party_year, sealed, late, warning, applied,
                                   source, binds, request_id)
        VALUES (counted, p_client, p_event_id[i], p_dossier[i], p_procedure[i], p_agency[i], p_status[i], p_rank[i],
                p_occurred_at[i], p_now, p_digest[i], p_content[i]::jsonb, p_parties[i]::jsonb,
                CASE WHEN p_parties[i] IS NOT NULL THEN p_year END, p_sealed[i]::jsonb, is_late, word, NOT barred,
                p_source, p_binds, p_request_id);
        fates[i] := is_late::integer;
        sequences[i] := counted;
        warnings[i] := word;
        fresh := fresh || i;
    END LOOP;
    IF cardinality(fresh) = 0 THEN
        RETURN;
    END IF;
    UPDATE dossier_feed SET last = counted;
    PERFORM dossier_project(ARRAY(SELECT DISTINCT p_dossier[i] FROM unnest(fresh) AS i));
    PERFORM delivery_enqueue(
        ARRAY(SELECT sequences[i] FROM unnest(fresh) WITH ORDINALITY AS f(i, o) ORDER BY o),
        ARRAY(SELECT p_dossier[i] FROM unnest(fresh) WITH ORDINALITY AS f(i, o) ORDER BY o),
        ARRAY(SELECT fates[i] = 1 FROM unnest(fresh) WITH ORDINALITY AS f(i, o) ORDER BY o),
        ARRAY(SELECT p_payload[i] FROM unnest(fresh) WITH ORDINALITY AS f(i, o) ORDER BY o));
END $$;

-- An operator lets a dossier go on after its final state: what was kept takes effect, in order. NULL: no such dossier.
CREATE FUNCTION dossier_reopen(p_code text, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    boundary bigint;
BEGIN
    SELECT last INTO STRICT boundary FROM dossier_feed FOR UPDATE;
    UPDATE dossier SET reopened = boundary, reopened_at = p_at WHERE code = p_code;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM dossier_project(ARRAY[p_code]);
    RETURN boundary;
END $$;

CREATE FUNCTION lookup_outcome_put(
    p_lookup_id uuid, p_client text, p_used text[], p_mismatch text[], p_at timestamptz
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    INSERT INTO lookup_outcome AS held VALUES (p_lookup_id, p_client, p_used, p_mismatch, p_at)
    ON CONFLICT (lookup_id) DO UPDATE SET used = excluded.used, mismatch = excluded.mismatch, at = excluded.at
    WHERE held.at <= excluded.at;
$$;
