-- Dossiers: what callers reported, in one append-only table, and the state that follows from it (PROTOCOL 5,
-- DESIGN 6). The application role reads these tables and writes through the functions of this file alone.
--
-- `sequence` is the feed's cursor and must be stable: whoever has read up to N must never find a smaller number
-- afterwards. So numbers are taken from one row that a batch locks until it has committed: batches commit in the
-- order of their numbers, and no number is visible before every smaller one is. (Reading by transaction ids would
-- not survive a restore into another cluster.) A batch of 100 holds the row for some 10 ms. The same lock orders
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
    newest       bigint NOT NULL,            -- sequence of the newest event applied
    binds        boolean NOT NULL,           -- of that event
    final        boolean NOT NULL GENERATED ALWAYS AS (end_status IS NOT NULL) STORED,
    events       integer NOT NULL DEFAULT 1,
    -- place and status of the newest event kept, and of the first final state that was not reopened
    new_at       timestamptz NOT NULL,
    new_rank     smallint NOT NULL,
    new_id       text COLLATE "C" NOT NULL,
    new_status   smallint NOT NULL,
    end_at       timestamptz,
    end_rank     smallint,
    end_id       text COLLATE "C",
    end_status   smallint,
    reopened     bigint NOT NULL DEFAULT 0,  -- final states recorded up to this sequence end nothing any more
    reopened_at  timestamptz
) WITH (fillfactor = 80);
CREATE INDEX dossier_by_agency ON dossier (agency, received_at);
CREATE INDEX dossier_by_received ON dossier (received_at);

-- Members are NULL until an event states them.
CREATE TABLE dossier_component (
    dossier    text COLLATE "C" NOT NULL,
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
    dossier    text COLLATE "C" NOT NULL,
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

-- The states of some dossiers, from all their events: the same values as `schemas.dossiers.project`. Called where an
-- event came late or a dossier was reopened; otherwise `dossier_receive` adds what an event states to what is held.
-- Plans must not depend on statistics that lag behind a young table: no sequential scans.
CREATE FUNCTION dossier_project(p_codes text[]) RETURNS void
LANGUAGE plpgsql SET search_path = lienthong, pg_temp SET enable_seqscan = off AS $$
BEGIN
    -- the first final state in order that was not reopened ends a dossier: only its own status may follow
    UPDATE dossier d SET end_at = f.occurred_at, end_rank = f.rank, end_id = f.event_id, end_status = f.status
    FROM dossier h LEFT JOIN LATERAL (
        SELECT e.occurred_at, e.rank, e.event_id, e.status FROM dossier_event e
        WHERE e.dossier = h.code AND e.status IN (3, 7, 10) AND e.sequence + 0 > h.reopened  -- + 0: not by that index
        ORDER BY e.occurred_at, e.rank, e.event_id LIMIT 1) AS f ON true
    WHERE h.code = ANY (p_codes) AND d.code = h.code;

    UPDATE dossier_event e SET applied = NOT e.applied FROM dossier d
    WHERE d.code = ANY (p_codes) AND e.dossier = d.code
      AND e.applied <> coalesce((e.occurred_at, e.rank, e.event_id) <= (d.end_at, d.end_rank, d.end_id)
                                OR e.status = d.end_status, true);

    WITH folded AS (
        SELECT dossier, dossier_merge(content - 'components' ORDER BY occurred_at, rank, event_id) AS stated
        FROM dossier_event WHERE dossier = ANY (p_codes) AND applied GROUP BY dossier
    ), newest AS (
        SELECT DISTINCT ON (dossier) dossier, sequence, status, occurred_at, procedure, binds
        FROM dossier_event WHERE dossier = ANY (p_codes) AND applied
        ORDER BY dossier, occurred_at DESC, rank DESC, event_id DESC
    )
    UPDATE dossier d SET
        procedure = n.procedure, status = n.status, occurred_at = n.occurred_at, newest = n.sequence, binds = n.binds,
        received_at = (f.stated ->> 'received_at')::timestamptz, due_at = (f.stated ->> 'due_at')::timestamptz,
        channel = f.stated ->> 'channel', fee_due = (f.stated ->> 'fee_due')::boolean, result = f.stated -> 'result'
    FROM folded f JOIN newest n USING (dossier) WHERE d.code = f.dossier;

    DELETE FROM dossier_component WHERE dossier = ANY (p_codes);
    INSERT INTO dossier_component
    SELECT m.dossier, m.code, m.c ->> 'name', m.c ->> 'obtained', (m.c ->> 'lookup_id')::uuid,
           (m.c ->> 'digitised')::boolean, (m.c ->> 'reused')::boolean, (m.c ->> 'required')::boolean, m.sequence
    FROM (
        SELECT e.dossier, c ->> 'code' AS code, dossier_merge(c ORDER BY e.occurred_at, e.rank, e.event_id) AS c,
               (array_agg(e.sequence ORDER BY e.occurred_at DESC, e.rank DESC, e.event_id DESC))[1] AS sequence
        FROM dossier_event e, jsonb_array_elements(e.content -> 'components') AS c
        WHERE e.dossier = ANY (p_codes) AND e.applied AND e.content ? 'components' GROUP BY 1, 2
    ) AS m;

    DELETE FROM dossier_party WHERE dossier = ANY (p_codes);
    INSERT INTO dossier_party
    SELECT DISTINCT s.dossier, p.role, p.id_type, decode(p.pseudonym, 'hex'), s.party_year, s.binds, s.sequence
    FROM (
        SELECT DISTINCT ON (dossier) dossier, sequence, parties, party_year, binds
        FROM dossier_event WHERE dossier = ANY (p_codes) AND applied AND parties IS NOT NULL
        ORDER BY dossier, occurred_at DESC, rank DESC, event_id DESC
    ) AS s, jsonb_to_recordset(s.parties) AS p(role text, id_type text, pseudonym text);
END $$;

-- What the newest event of a dossier states, laid over what is held.
CREATE FUNCTION dossier_advance(
    p_code text, p_sequence bigint, p_procedure text, p_status smallint, p_occurred_at timestamptz, p_binds boolean,
    p_content jsonb, p_parties jsonb, p_year integer
) RETURNS void LANGUAGE plpgsql SET search_path = lienthong, pg_temp AS $$
BEGIN
    UPDATE dossier SET
        procedure = p_procedure, status = p_status, occurred_at = p_occurred_at, newest = p_sequence, binds = p_binds,
        received_at = coalesce((p_content ->> 'received_at')::timestamptz, received_at),
        due_at = coalesce((p_content ->> 'due_at')::timestamptz, due_at),
        channel = coalesce(p_content ->> 'channel', channel),
        fee_due = coalesce((p_content ->> 'fee_due')::boolean, fee_due),
        result = coalesce(p_content -> 'result', result)
    WHERE code = p_code;
    IF p_content ? 'components' THEN
        INSERT INTO dossier_component AS held
        SELECT p_code, c.code, c.name, c.obtained, c.lookup_id, c.digitised, c.reused, c.required, p_sequence
        FROM jsonb_to_recordset(p_content -> 'components') AS c(
            code text, name text, obtained text, lookup_id uuid, digitised boolean, reused boolean, required boolean)
        ON CONFLICT (dossier, code) DO UPDATE SET
            name = coalesce(excluded.name, held.name), obtained = coalesce(excluded.obtained, held.obtained),
            lookup_id = coalesce(excluded.lookup_id, held.lookup_id),
            digitised = coalesce(excluded.digitised, held.digitised),
            reused = coalesce(excluded.reused, held.reused), required = coalesce(excluded.required, held.required),
            sequence = excluded.sequence;
    END IF;
    IF p_parties IS NOT NULL THEN
        DELETE FROM dossier_party WHERE dossier = p_code;
        INSERT INTO dossier_party
        SELECT DISTINCT p_code, p.role, p.id_type, decode(p.pseudonym, 'hex'), p_year, p_binds, p_sequence
        FROM jsonb_to_recordset(p_parties) AS p(role text, id_type text, pseudonym text);
    END IF;
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
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp SET enable_seqscan = off AS $$
DECLARE
    rows constant integer := cardinality(p_event_id);
    counted bigint;
    e record;
    d dossier%ROWTYPE;
    known record;
    is_known boolean;
    is_late boolean;
    after_end boolean;
    before smallint;
    word text;
    fresh integer[] := '{}';
    behind text[] := '{}';
BEGIN
    SELECT last INTO STRICT counted FROM dossier_feed FOR UPDATE;
    IF p_key_id IS NOT NULL THEN
        INSERT INTO sealing_key (key_id, wrapped) VALUES (p_key_id, p_key_wrapped) ON CONFLICT DO NOTHING;
    END IF;
    fates := array_fill(0::smallint, ARRAY[rows]);
    sequences := array_fill(NULL::bigint, ARRAY[rows]);
    warnings := array_fill(NULL::text, ARRAY[rows]);
    FOR e IN
        SELECT o::integer AS o, event_id, dossier, procedure, agency, status, rank, occurred_at, digest,
               content::jsonb AS content, parties::jsonb AS parties, sealed
        FROM unnest(p_event_id, p_dossier, p_procedure, p_agency, p_status, p_rank, p_occurred_at, p_digest, p_content,
                    p_parties, p_sealed) WITH ORDINALITY
             AS t(event_id, dossier, procedure, agency, status, rank, occurred_at, digest, content, parties, sealed, o)
    LOOP
        SELECT f.sequence, f.digest INTO known FROM dossier_event f
        WHERE f.client = p_client AND f.event_id = e.event_id;
        IF FOUND THEN
            IF known.digest = e.digest THEN
                fates[e.o] := 2;
                sequences[e.o] := known.sequence;
            ELSE
                fates[e.o] := 3;
            END IF;
            CONTINUE;
        END IF;
        SELECT * INTO d FROM dossier WHERE code = e.dossier;
        is_known := FOUND;
        IF is_known AND (d.agency <> e.agency OR d.events >= p_most) THEN
            fates[e.o] := CASE WHEN d.agency <> e.agency THEN 4 ELSE 5 END;
            CONTINUE;
        END IF;
        counted := counted + 1;
        word := NULL;
        is_late := is_known AND (e.occurred_at, e.rank, e.event_id COLLATE "C") < (d.new_at, d.new_rank, d.new_id);
        after_end := is_known AND d.end_status IS NOT NULL
            AND (d.end_at, d.end_rank, d.end_id) < (e.occurred_at, e.rank, e.event_id COLLATE "C");
        IF after_end AND d.end_status <> e.status THEN
            word := 'after-final-status';
        ELSIF is_known THEN
            before := d.new_status;
            IF is_late THEN
                SELECT f.status INTO before FROM dossier_event f
                WHERE f.dossier = e.dossier AND (f.occurred_at, f.rank, f.event_id) < (e.occurred_at, e.rank, e.event_id)
                ORDER BY f.occurred_at DESC, f.rank DESC, f.event_id DESC LIMIT 1;
            END IF;
            IF NOT dossier_usual(before, e.status) THEN
                word := 'unusual-transition';
            END IF;
        END IF;

        INSERT INTO dossier_event (sequence, client, event_id, dossier, procedure, agency, status, rank, occurred_at,
                                   recorded_at, digest, content, parties, party_year, sealed, late, warning, applied,
                                   source, binds, request_id)
        VALUES (counted, p_client, e.event_id, e.dossier, e.procedure, e.agency, e.status, e.rank, e.occurred_at, p_now,
                e.digest, e.content, e.parties, CASE WHEN e.parties IS NOT NULL THEN p_year END, e.sealed::jsonb,
                is_late, word, word IS DISTINCT FROM 'after-final-status', p_source, p_binds, p_request_id);
        IF NOT is_known THEN
            INSERT INTO dossier (code, agency, client, procedure, status, occurred_at, first_at, newest, binds,
                                 new_at, new_rank, new_id, new_status)
            VALUES (e.dossier, e.agency, p_client, e.procedure, e.status, e.occurred_at, p_now, counted, p_binds,
                    e.occurred_at, e.rank, e.event_id, e.status);
        ELSIF is_late THEN
            UPDATE dossier SET events = events + 1 WHERE code = e.dossier;
            behind := behind || e.dossier;
        ELSE
            UPDATE dossier SET events = events + 1, new_at = e.occurred_at, new_rank = e.rank, new_id = e.event_id,
                               new_status = e.status WHERE code = e.dossier;
        END IF;
        IF e.status IN (3, 7, 10) AND NOT after_end THEN
            UPDATE dossier SET end_at = e.occurred_at, end_rank = e.rank, end_id = e.event_id, end_status = e.status
            WHERE code = e.dossier;
        END IF;
        IF NOT is_late AND word IS DISTINCT FROM 'after-final-status' THEN
            PERFORM dossier_advance(e.dossier, counted, e.procedure, e.status, e.occurred_at, p_binds, e.content,
                                    e.parties, p_year);
        END IF;
        fates[e.o] := is_late::integer;
        sequences[e.o] := counted;
        warnings[e.o] := word;
        fresh := fresh || e.o;
    END LOOP;
    IF cardinality(fresh) = 0 THEN
        RETURN;
    END IF;
    UPDATE dossier_feed SET last = counted;
    IF cardinality(behind) > 0 THEN
        PERFORM dossier_project(behind);
    END IF;
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
