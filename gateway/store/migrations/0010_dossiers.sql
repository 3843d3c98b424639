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
-- Events of two clients that share a place in the order stand as they were recorded, here and there.
-- Plans must not depend on statistics that lag behind a young table: no sequential scans.
CREATE FUNCTION dossier_project(p_codes text[]) RETURNS void
LANGUAGE plpgsql SET search_path = lienthong, pg_temp SET enable_seqscan = off AS $$
BEGIN
    -- the first final state in order that was not reopened ends a dossier: only its own status may follow
    UPDATE dossier d SET end_at = f.occurred_at, end_rank = f.rank, end_id = f.event_id, end_status = f.status
    FROM dossier h LEFT JOIN LATERAL (
        SELECT e.occurred_at, e.rank, e.event_id, e.status FROM dossier_event e
        WHERE e.dossier = h.code AND e.status IN (3, 7, 10) AND e.sequence + 0 > h.reopened  -- + 0: not by that index
        ORDER BY e.occurred_at, e.rank, e.event_id, e.sequence LIMIT 1) AS f ON true
    WHERE h.code = ANY (p_codes) AND d.code = h.code;

    UPDATE dossier_event e SET applied = NOT e.applied FROM dossier d
    WHERE d.code = ANY (p_codes) AND e.dossier = d.code
      AND e.applied <> coalesce((e.occurred_at, e.rank, e.event_id) <= (d.end_at, d.end_rank, d.end_id)
                                OR e.status = d.end_status, true);

    WITH folded AS (
        SELECT dossier, dossier_merge(content - 'components' ORDER BY occurred_at, rank, event_id, sequence) AS stated
        FROM dossier_event WHERE dossier = ANY (p_codes) AND applied GROUP BY dossier
    ), newest AS (
        SELECT DISTINCT ON (dossier) dossier, sequence, status, occurred_at, procedure, binds
        FROM dossier_event WHERE dossier = ANY (p_codes) AND applied
        ORDER BY dossier, occurred_at DESC, rank DESC, event_id DESC, sequence DESC
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
        SELECT e.dossier, c ->> 'code' AS code, dossier_merge(c ORDER BY e.occurred_at, e.rank, e.event_id, e.sequence) AS c,
               (array_agg(e.sequence ORDER BY e.occurred_at DESC, e.rank DESC, e.event_id DESC,
                                           e.sequence DESC))[1] AS sequence
        FROM dossier_event e, jsonb_array_elements(e.content -> 'components') AS c
        WHERE e.dossier = ANY (p_codes) AND e.applied AND e.content ? 'components' GROUP BY 1, 2
    ) AS m;

    DELETE FROM dossier_party WHERE dossier = ANY (p_codes);
    INSERT INTO dossier_party
    SELECT DISTINCT s.dossier, p.role, p.id_type, decode(p.pseudonym, 'hex'), s.party_year, s.binds, s.sequence
    FROM (
        SELECT DISTINCT ON (dossier) dossier, sequence, parties, party_year, binds
        FROM dossier_event WHERE dossier = ANY (p_codes) AND applied AND parties IS NOT NULL
        ORDER BY dossier, occurred_at DESC, rank DESC, event_id DESC, sequence DESC
    ) AS s, jsonb_to_recordset(s.parties) AS p(role text, id_type text, pseudonym text);
END $$;

-- What is known of a dossier while a batch is judged: whose it is, where its newest event and its end stand.
CREATE TYPE dossier_place AS (
    agency text, events integer, new_at timestamptz, new_rank smallint, new_id text, new_status smallint,
    end_at timestamptz, end_rank smallint, end_id text, end_status smallint
);

-- What becomes of each event of a batch, in the order sent; writes nothing. `fates`, `sequences` and `warnings` as
-- `dossier_receive` tells them. `places` holds what is then true of a dossier, where its first event of the batch
-- stands; `behind` names the dossiers of late events. Everything known is read at once, by index: a statement an event
-- would cost three times as much as the whole batch.
CREATE FUNCTION dossier_judge(
    p_client text, p_most integer, p_counted bigint, p_event_id text[], p_dossier text[], p_agency text[],
    p_status smallint[], p_rank smallint[], p_occurred_at timestamptz[], p_digest bytea[],
    OUT fates smallint[], OUT sequences bigint[], OUT warnings text[], OUT places dossier_place[], OUT behind text[]
) LANGUAGE plpgsql STABLE SET search_path = lienthong, pg_temp AS $$
DECLARE
    rows constant integer := cardinality(p_event_id);
    owner integer[] := array_fill(NULL::integer, ARRAY[rows]);  -- of each event_id: which event of the batch has it
    e record;
    held dossier_place;
    is_late boolean;
    after_end boolean;
    before smallint;
BEGIN
    fates := array_fill(0::smallint, ARRAY[rows]);
    sequences := array_fill(NULL::bigint, ARRAY[rows]);
    warnings := array_fill(NULL::text, ARRAY[rows]);
    places := array_fill(NULL::dossier_place, ARRAY[rows]);
    behind := '{}';
    FOR e IN
        SELECT t.*, t.o::integer AS i, lag(t.o) OVER (PARTITION BY t.event_id ORDER BY t.o)::integer AS again,
               min(t.o) OVER (PARTITION BY t.dossier)::integer AS first, f.sequence AS known, f.digest AS known_digest,
               ROW(d.agency, d.events, d.new_at, d.new_rank, d.new_id, d.new_status,
                   d.end_at, d.end_rank, d.end_id, d.end_status)::dossier_place AS place
        FROM unnest(p_event_id, p_dossier, p_agency, p_status, p_rank, p_occurred_at, p_digest) WITH ORDINALITY
             AS t(event_id, dossier, agency, status, rank, occurred_at, digest, o)
        LEFT JOIN LATERAL (SELECT f.sequence, f.digest FROM dossier_event f
                           WHERE f.client = p_client AND f.event_id = t.event_id OFFSET 0) AS f ON true
        LEFT JOIN LATERAL (SELECT * FROM dossier d WHERE d.code = t.dossier OFFSET 0) AS d ON true
        ORDER BY t.o
    LOOP
        IF e.i = e.first THEN
            places[e.i] := e.place;
        END IF;
        owner[e.i] := owner[e.again];
        IF e.known IS NOT NULL OR owner[e.i] IS NOT NULL THEN
            fates[e.i] := CASE WHEN coalesce(e.known_digest, p_digest[owner[e.i]]) = e.digest THEN 2 ELSE 3 END;
            IF fates[e.i] = 2 THEN
                sequences[e.i] := coalesce(e.known, sequences[owner[e.i]]);
            END IF;
            CONTINUE;
        END IF;
        held := places[e.first];
        IF held.agency IS NOT NULL AND (held.agency <> e.agency OR held.events >= p_most) THEN
            fates[e.i] := CASE WHEN held.agency <> e.agency THEN 4 ELSE 5 END;
            CONTINUE;
        END IF;
        p_counted := p_counted + 1;
        owner[e.i] := e.i;
        sequences[e.i] := p_counted;
        is_late := coalesce((e.occurred_at, e.rank, e.event_id COLLATE "C") < (held.new_at, held.new_rank, held.new_id), false);
        after_end := coalesce((held.end_at, held.end_rank, held.end_id) < (e.occurred_at, e.rank, e.event_id COLLATE "C"), false);
        before := held.new_status;
        IF is_late THEN
            fates[e.i] := 1;
            behind := behind || e.dossier;
            SELECT x.status INTO before FROM (
                (SELECT f.occurred_at, f.rank, f.event_id, f.status FROM dossier_event f
                 WHERE f.dossier = e.dossier
                   AND (f.occurred_at, f.rank, f.event_id) < (e.occurred_at, e.rank, e.event_id)
                 ORDER BY f.occurred_at DESC, f.rank DESC, f.event_id DESC LIMIT 1)
                UNION ALL
                SELECT p_occurred_at[n], p_rank[n], p_event_id[n], p_status[n] FROM generate_series(e.first, e.i - 1) AS n
                WHERE p_dossier[n] = e.dossier AND owner[n] = n
                  AND (p_occurred_at[n], p_rank[n], p_event_id[n] COLLATE "C") < (e.occurred_at, e.rank, e.event_id)
            ) AS x ORDER BY x.occurred_at DESC, x.rank DESC, x.event_id COLLATE "C" DESC LIMIT 1;
        ELSE
            held.new_at := e.occurred_at; held.new_rank := e.rank; held.new_id := e.event_id; held.new_status := e.status;
        END IF;
        IF after_end AND held.end_status <> e.status THEN
            warnings[e.i] := 'after-final-status';
        ELSIF held.agency IS NOT NULL AND NOT dossier_usual(before, e.status) THEN
            warnings[e.i] := 'unusual-transition';
        END IF;
        IF e.status IN (3, 7, 10) AND NOT after_end THEN
            held.end_at := e.occurred_at; held.end_rank := e.rank; held.end_id := e.event_id; held.end_status := e.status;
        END IF;
        held.agency := e.agency;
        held.events := coalesce(held.events, 0) + 1;
        places[e.first] := held;
    END LOOP;
END $$;

-- What the events in time state, laid over what is held: one statement a table. Events come with the place of their
-- dossier where they are its first in the batch.
CREATE FUNCTION dossier_advance(
    p_client text, p_binds boolean, p_now timestamptz, p_dossier text[], p_procedure text[], p_status smallint[],
    p_occurred_at timestamptz[], p_content jsonb[], p_parties jsonb[], p_year integer,
    p_sequence bigint[], p_applied boolean[], p_place dossier_place[]
) RETURNS void LANGUAGE plpgsql SET search_path = lienthong, pg_temp AS $$
BEGIN
    INSERT INTO dossier (code, agency, client, procedure, status, occurred_at, first_at, received_at, due_at, channel,
                         fee_due, result, newest, binds, events, new_at, new_rank, new_id, new_status,
                         end_at, end_rank, end_id, end_status)
    SELECT p.code, p.agency, coalesce(h.client, p_client), coalesce(n.procedure, h.procedure),
           coalesce(n.status, h.status), coalesce(n.occurred_at, h.occurred_at), coalesce(h.first_at, p_now),
           coalesce((s.stated ->> 'received_at')::timestamptz, h.received_at),
           coalesce((s.stated ->> 'due_at')::timestamptz, h.due_at), coalesce(s.stated ->> 'channel', h.channel),
           coalesce((s.stated ->> 'fee_due')::boolean, h.fee_due), coalesce(s.stated -> 'result', h.result),
           coalesce(n.sequence, h.newest), CASE WHEN n.sequence IS NULL THEN h.binds ELSE p_binds END, p.events,
           p.new_at, p.new_rank, p.new_id, p.new_status, p.end_at, p.end_rank, p.end_id, p.end_status
    FROM unnest(p_dossier, p_place) AS p(code, agency, events, new_at, new_rank, new_id, new_status,
                                         end_at, end_rank, end_id, end_status)
    LEFT JOIN LATERAL (SELECT * FROM dossier d WHERE d.code = p.code OFFSET 0) AS h ON true
    LEFT JOIN (
        SELECT t.code, dossier_merge(t.content - 'components' ORDER BY t.sequence) AS stated, max(t.sequence) AS newest
        FROM unnest(p_dossier, p_content, p_sequence, p_applied) AS t(code, content, sequence, applied)
        WHERE t.applied GROUP BY t.code) AS s ON s.code = p.code
    LEFT JOIN unnest(p_procedure, p_status, p_occurred_at, p_sequence, p_applied)
              AS n(procedure, status, occurred_at, sequence, applied) ON n.applied AND n.sequence = s.newest
    WHERE p.agency IS NOT NULL AND (h.events IS DISTINCT FROM p.events)
    ON CONFLICT (code) DO UPDATE SET
        procedure = excluded.procedure, status = excluded.status, occurred_at = excluded.occurred_at,
        received_at = excluded.received_at, due_at = excluded.due_at, channel = excluded.channel,
        fee_due = excluded.fee_due, result = excluded.result, newest = excluded.newest, binds = excluded.binds,
        events = excluded.events, new_at = excluded.new_at, new_rank = excluded.new_rank, new_id = excluded.new_id,
        new_status = excluded.new_status, end_at = excluded.end_at, end_rank = excluded.end_rank,
        end_id = excluded.end_id, end_status = excluded.end_status;

    INSERT INTO dossier_component AS held
    SELECT m.dossier, m.code, m.c ->> 'name', m.c ->> 'obtained', (m.c ->> 'lookup_id')::uuid,
           (m.c ->> 'digitised')::boolean, (m.c ->> 'reused')::boolean, (m.c ->> 'required')::boolean, m.sequence
    FROM (
        SELECT t.dossier, c ->> 'code' AS code, dossier_merge(c ORDER BY t.sequence) AS c, max(t.sequence) AS sequence
        FROM unnest(p_dossier, p_content, p_sequence, p_applied) AS t(dossier, content, sequence, applied),
             jsonb_array_elements(t.content -> 'components') AS c
        WHERE t.applied GROUP BY 1, 2) AS m
    ON CONFLICT (dossier, code) DO UPDATE SET
        name = coalesce(excluded.name, held.name), obtained = coalesce(excluded.obtained, held.obtained),
        lookup_id = coalesce(excluded.lookup_id, held.lookup_id),
        digitised = coalesce(excluded.digitised, held.digitised),
        reused = coalesce(excluded.reused, held.reused), required = coalesce(excluded.required, held.required),
        sequence = excluded.sequence;

    DELETE FROM dossier_party WHERE dossier IN (
        SELECT t.dossier FROM unnest(p_dossier, p_parties, p_applied) AS t(dossier, parties, applied)
        WHERE t.applied AND t.parties IS NOT NULL);
    INSERT INTO dossier_party
    SELECT DISTINCT s.dossier, p.role, p.id_type, decode(p.pseudonym, 'hex'), p_year, p_binds, s.sequence
    FROM (
        SELECT DISTINCT ON (t.dossier) t.dossier, t.parties, t.sequence
        FROM unnest(p_dossier, p_parties, p_sequence, p_applied) AS t(dossier, parties, sequence, applied)
        WHERE t.applied AND t.parties IS NOT NULL ORDER BY t.dossier, t.sequence DESC
    ) AS s, jsonb_to_recordset(s.parties) AS p(role text, id_type text, pseudonym text);
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
    counted bigint;
    contents constant jsonb[] := p_content::jsonb[];
    parties constant jsonb[] := p_parties::jsonb[];
    judged record;
    fresh integer[];
BEGIN
    SELECT last INTO STRICT counted FROM dossier_feed FOR UPDATE;
    IF p_key_id IS NOT NULL THEN
        INSERT INTO sealing_key (key_id, wrapped) VALUES (p_key_id, p_key_wrapped) ON CONFLICT DO NOTHING;
    END IF;
    judged := dossier_judge(p_client, p_most, counted, p_event_id, p_dossier, p_agency, p_status, p_rank, p_occurred_at,
                            p_digest);
    fates := judged.fates;
    sequences := judged.sequences;
    warnings := judged.warnings;
    fresh := ARRAY(SELECT t.o::integer FROM unnest(fates) WITH ORDINALITY AS t(fate, o) WHERE t.fate < 2 ORDER BY t.o);
    IF cardinality(fresh) = 0 THEN
        RETURN;
    END IF;
    UPDATE dossier_feed SET last = counted + cardinality(fresh);
    INSERT INTO dossier_event (sequence, client, event_id, dossier, procedure, agency, status, rank, occurred_at,
                               recorded_at, digest, content, parties, party_year, sealed, late, warning, applied,
                               source, binds, request_id)
    SELECT sequences[n], p_client, p_event_id[n], p_dossier[n], p_procedure[n], p_agency[n], p_status[n], p_rank[n],
           p_occurred_at[n], p_now, p_digest[n], contents[n], parties[n],
           CASE WHEN parties[n] IS NOT NULL THEN p_year END, p_sealed[n]::jsonb, fates[n] = 1, warnings[n],
           warnings[n] IS DISTINCT FROM 'after-final-status', p_source, p_binds, p_request_id
    FROM unnest(fresh) AS n;
    PERFORM dossier_advance(
        p_client, p_binds, p_now, p_dossier, p_procedure, p_status, p_occurred_at, contents, parties, p_year, sequences,
        ARRAY(SELECT f = 0 AND w IS DISTINCT FROM 'after-final-status'
              FROM unnest(fates, warnings) WITH ORDINALITY AS t(f, w, o) ORDER BY o),
        judged.places);
    IF cardinality(judged.behind) > 0 THEN
        PERFORM dossier_project(judged.behind);
    END IF;
    PERFORM delivery_enqueue(
        ARRAY(SELECT sequences[n] FROM unnest(fresh) WITH ORDINALITY AS t(n, o) ORDER BY o),
        ARRAY(SELECT p_dossier[n] FROM unnest(fresh) WITH ORDINALITY AS t(n, o) ORDER BY o),
        ARRAY(SELECT fates[n] = 1 FROM unnest(fresh) WITH ORDINALITY AS t(n, o) ORDER BY o),
        ARRAY(SELECT p_payload[n] FROM unnest(fresh) WITH ORDINALITY AS t(n, o) ORDER BY o));
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
