-- Append-only logs, their entries, what an entry spends or reserves, and what the sealer derives
-- (DESIGN sections 3 and 4). The application role reads these tables and writes through the
-- functions of 0002 and 0003 alone: it holds no INSERT, UPDATE, DELETE or TRUNCATE on any of them.

CREATE TABLE log (
    log_id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin     text NOT NULL UNIQUE,
    slot       integer NOT NULL CHECK (slot BETWEEN 0 AND 1023),
    year       integer NOT NULL,
    opened_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX log_by_slot ON log (slot, log_id);

-- The one row of a log that changes: every batch takes its indexes here, under this row's lock.
CREATE TABLE log_head (
    log_id      integer PRIMARY KEY REFERENCES log,
    next_index  bigint NOT NULL DEFAULT 0 CHECK (next_index >= 0),
    swept       bigint NOT NULL DEFAULT 0,
    suspended   text,  -- found behind or beside its pin: nothing is appended until it is reopened
    closed_why  text
) WITH (fillfactor = 20);

CREATE TABLE entry (
    log_id      integer NOT NULL,
    index       bigint NOT NULL,
    at          timestamptz NOT NULL,
    entry_id    uuid NOT NULL,
    kind        text NOT NULL,
    request_id  text NOT NULL,
    client      text,
    service     text,
    procedure   text,
    dossier     text,
    unit        text,
    officer     bytea,
    subject     bytea,
    person      bytea,
    outcome     text,
    question    uuid,
    deadline    timestamptz,
    leaf        bytea NOT NULL,
    PRIMARY KEY (log_id, index, at)
) PARTITION BY RANGE (at);
ALTER TABLE entry ALTER COLUMN leaf SET STORAGE EXTERNAL;  -- ciphertext: compressing it costs and gains nothing

CREATE INDEX entry_by_time ON entry USING brin (at);
CREATE INDEX entry_by_id ON entry (entry_id);
CREATE INDEX entry_by_request ON entry (request_id);
CREATE INDEX entry_by_subject ON entry (subject, at) WHERE subject IS NOT NULL;
CREATE INDEX entry_by_person ON entry (person, at) WHERE person IS NOT NULL AND person IS DISTINCT FROM subject;
CREATE INDEX entry_by_officer ON entry (officer, at) WHERE officer IS NOT NULL;
CREATE INDEX entry_by_question ON entry (question) WHERE question IS NOT NULL;
CREATE INDEX entry_by_dossier ON entry (dossier, at) WHERE dossier IS NOT NULL AND kind = 'answered';

-- SHA-256(client ‖ 0 ‖ nonce), first 16 bytes; `created` is the signature's, Unix seconds.
CREATE TABLE nonce (
    key      bytea PRIMARY KEY,
    created  bigint NOT NULL
);
CREATE INDEX nonce_by_created ON nonce (created);

-- Keys begin with the day (4 bytes, big-endian, days since 1970-01-01), so old ones go by range.
CREATE TABLE quota (
    key   bytea NOT NULL,
    slot  integer NOT NULL,
    used  bigint NOT NULL,
    PRIMARY KEY (key, slot)
) WITH (fillfactor = 50);
CREATE TABLE guess (
    key   bytea PRIMARY KEY,
    used  integer NOT NULL
) WITH (fillfactor = 70);

-- Data keys of sealed fields, wrapped to the reveal key. Deleting one makes its minute unreadable for good.
CREATE TABLE sealing_key (
    key_id   bytea PRIMARY KEY,
    made_at  timestamptz NOT NULL DEFAULT now(),
    wrapped  bytea NOT NULL
);

CREATE TABLE tile (
    log_id  integer NOT NULL REFERENCES log,
    level   integer NOT NULL CHECK (level BETWEEN 0 AND 7),
    index   bigint NOT NULL,
    data    bytea NOT NULL CHECK (octet_length(data) BETWEEN 32 AND 8192 AND octet_length(data) % 32 = 0),
    PRIMARY KEY (log_id, level, index)
);
ALTER TABLE tile ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE checkpoint (
    log_id     integer NOT NULL REFERENCES log,
    size       bigint NOT NULL CHECK (size > 0),
    signed_at  timestamptz NOT NULL,
    note       text NOT NULL,
    PRIMARY KEY (log_id, size)
);

CREATE TABLE configuration (
    version     integer PRIMARY KEY,
    documents   jsonb NOT NULL,
    digest      bytea NOT NULL,
    applied_by  text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
);

-- One row: what every batch is held against.
CREATE TABLE in_force (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    configuration   integer NOT NULL DEFAULT 0,
    nonce_floor     bigint NOT NULL DEFAULT 0
);
INSERT INTO in_force DEFAULT VALUES;

-- Partitions are monthly, UTC. Made beside the parent and attached, so that appending goes on meanwhile.
CREATE FUNCTION make_partitions(p_around timestamptz, p_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    month timestamp := date_trunc('month', p_around AT TIME ZONE 'UTC') - interval '1 month';
    made integer := 0;
    name text;
BEGIN
    FOR step IN 0 .. least(p_ahead, 24) + 1 LOOP
        name := 'entry_' || to_char(month, 'YYYY_MM');
        IF to_regclass('lienthong.' || name) IS NULL THEN
            PERFORM pg_advisory_xact_lock(7041776, 1);
            IF to_regclass('lienthong.' || name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE entry INCLUDING DEFAULTS INCLUDING STORAGE) '
                               'WITH (toast_tuple_target = 8160)', name);
                EXECUTE format('ALTER TABLE entry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                               name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
                made := made + 1;
            END IF;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
SELECT make_partitions(now(), 3);
