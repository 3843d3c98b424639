-- The audit console: its users and sessions, and what is found about look-ups: explanations, alerts, cases, reveals
-- (PROTOCOL 6, THREATS E and F). The console logs in as a role of its own, `lienthong_console`, which reads the log and
-- writes the tables of this file as grants.sql says; the gateway's role sees neither users nor sessions.

CREATE TABLE console_user (
    login       text COLLATE "C" PRIMARY KEY CHECK (login ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    password    text NOT NULL,              -- argon2id
    totp        bytea NOT NULL,             -- secret, AES-256-GCM under the console's key file
    totp_step   bigint NOT NULL DEFAULT 0,  -- the last step spent: a code serves once
    role        text NOT NULL CHECK (role IN ('auditor', 'lead_auditor', 'operator', 'administrator', 'dpo')),
    scope       text[] NOT NULL CHECK (cardinality(scope) > 0),  -- patterns of agencies; {*}: all
    language    text NOT NULL DEFAULT 'vi' CHECK (language IN ('vi', 'en')),
    disabled    boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Failed log-ins, by SHA-256 of (account, address) and of the address alone: guessing is slowed where it comes from,
-- and nobody can lock another out.
CREATE TABLE console_guess (
    key           bytea PRIMARY KEY,
    failed        integer NOT NULL,
    failed_at     timestamptz NOT NULL,
    slowed_until  timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX console_guess_by_time ON console_guess (failed_at);

CREATE TABLE console_session (
    token       bytea PRIMARY KEY,  -- SHA-256 of what the cookie holds
    login       text COLLATE "C" NOT NULL REFERENCES console_user ON DELETE CASCADE,
    csrf        text NOT NULL,
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX console_session_by_login ON console_session (login);
CREATE INDEX console_session_by_expiry ON console_session (expires_at);

-- A person searched for, under a random name: numbers never stand in an address.
CREATE TABLE console_handle (
    handle      text COLLATE "C" PRIMARY KEY CHECK (length(handle) BETWEEN 16 AND 64),
    kind        text NOT NULL CHECK (kind IN ('officer', 'subject')),
    pseudonyms  bytea[] NOT NULL CHECK (cardinality(pseudonyms) > 0),  -- of all live years
    entry_id    uuid NOT NULL,     -- the log's entry of the search: who searched, and, sealed, for whom
    made_by     text COLLATE "C" NOT NULL,
    case_id     bigint,
    reason      text,
    made_at     timestamptz NOT NULL
);

-- A check of the whole log in the background.
CREATE TABLE console_job (
    job         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    started_by  text NOT NULL,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    progress    jsonb NOT NULL DEFAULT '{}',
    result      jsonb
);

-- Why a look-up was in order, the first reason that holds; recomputable, so replaced when its version changes.
CREATE TABLE explanation (
    entry_id  uuid PRIMARY KEY,   -- of the closing entry: answered, refused or abandoned
    log_id    integer NOT NULL,
    index     bigint NOT NULL,
    at        timestamptz NOT NULL,
    agency    text COLLATE "C",
    kind      text NOT NULL,      -- 'unexplained' where nothing holds
    version   integer NOT NULL,
    detail    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX explanation_by_kind ON explanation (kind, at);

CREATE TABLE audit_case (
    case_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opened_at  timestamptz NOT NULL,
    opened_by  text NOT NULL,
    source     text NOT NULL CHECK (source IN ('alert', 'auditor', 'sample', 'citizen')),
    agency     text COLLATE "C",
    title      text NOT NULL,
    state      text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'asked', 'proposed', 'closed')),
    verdict    text CHECK (verdict IN ('appropriate', 'training', 'violation', 'inconclusive')),
    proposed_by  text,             -- four eyes: whoever closes is somebody else
    closed_by  text CHECK (closed_by IS DISTINCT FROM proposed_by OR closed_by IS NULL),
    closed_at  timestamptz,
    due_at     timestamptz,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (state NOT IN ('proposed', 'closed') OR verdict IS NOT NULL)
);
CREATE INDEX audit_case_by_state ON audit_case (state, opened_at);

-- Append-only: each step, with its entry in the log.
CREATE TABLE audit_case_event (
    case_id   bigint NOT NULL REFERENCES audit_case,
    step      integer NOT NULL,
    at        timestamptz NOT NULL,
    by        text NOT NULL,
    action    text NOT NULL,
    note      text,
    detail    jsonb NOT NULL DEFAULT '{}',
    entry_id  uuid NOT NULL,
    PRIMARY KEY (case_id, step)
);

CREATE TABLE audit_case_entry (
    case_id   bigint NOT NULL REFERENCES audit_case,
    entry_id  uuid NOT NULL,
    added_at  timestamptz NOT NULL,
    added_by  text NOT NULL,
    PRIMARY KEY (case_id, entry_id)
);
CREATE INDEX audit_case_entry_by_entry ON audit_case_entry (entry_id);

CREATE TABLE alert (
    alert_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule         text NOT NULL,
    version      integer NOT NULL,
    entry_id     uuid NOT NULL,
    log_id       integer NOT NULL,
    index        bigint NOT NULL,
    officer      bytea,
    subject      bytea,
    agency       text COLLATE "C",
    client       text,
    score        float8 NOT NULL,
    sentence_vi  text NOT NULL,
    sentence_en  text NOT NULL,
    detail       jsonb NOT NULL DEFAULT '{}',
    happened_at  timestamptz NOT NULL,  -- of the entry
    at           timestamptz NOT NULL,  -- of the alert
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'assigned', 'closed')),
    assigned_to  text,
    case_id      bigint REFERENCES audit_case,
    UNIQUE (rule, entry_id)
);
CREATE INDEX alert_by_state ON alert (state, score DESC, at);
CREATE INDEX alert_by_time ON alert (at);
CREATE INDEX alert_by_entry ON alert (entry_id);
CREATE INDEX alert_by_officer ON alert (officer, at) WHERE officer IS NOT NULL;
CREATE INDEX alert_by_case ON alert (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE reveal (
    reveal_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id    uuid NOT NULL,          -- what was opened
    case_id     bigint NOT NULL REFERENCES audit_case,
    by          text NOT NULL,
    second      text CHECK (second IS DISTINCT FROM by),
    at          timestamptz NOT NULL,
    recorded    uuid NOT NULL           -- the log's entry of the reveal, written before it
);
CREATE INDEX reveal_by_person ON reveal (by, at);

-- What the rules need to know of officers, as pseudonyms alone; put from config/staff/*.toml.
CREATE TABLE staff (
    officer    bytea PRIMARY KEY,
    person     bytea[] NOT NULL DEFAULT '{}',  -- the officer as a person who may be looked up
    agency     text COLLATE "C" NOT NULL,
    hours      jsonb NOT NULL DEFAULT '{}',
    relatives  bytea[] NOT NULL DEFAULT '{}',
    household  bytea[] NOT NULL DEFAULT '{}',
    version    integer NOT NULL
);
CREATE INDEX staff_by_agency ON staff (agency);
CREATE TABLE watched_person (
    pseudonym  bytea NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('protected', 'decoy')),
    version    integer NOT NULL,
    PRIMARY KEY (pseudonym, kind)
);

CREATE TABLE citizen_report (
    report_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person     bytea[] NOT NULL,
    made_at    timestamptz NOT NULL,
    made_by    text NOT NULL,
    rows       integer NOT NULL,
    withheld   integer NOT NULL,
    recorded   uuid NOT NULL
);
CREATE TABLE citizen_objection (
    objection_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id      uuid NOT NULL,
    case_id       bigint NOT NULL REFERENCES audit_case,
    at            timestamptz NOT NULL,
    note          text,
    UNIQUE (entry_id)
);

-- A lawful delay: look-ups of this dossier are withheld from the citizen's report until then.
CREATE TABLE citizen_delay (
    dossier  text COLLATE "C" PRIMARY KEY,
    ground   text NOT NULL,
    until    timestamptz NOT NULL,
    set_by   text NOT NULL,
    recorded uuid NOT NULL
);

-- The lists of the console show how exchanges ended: one entry each, with all that was asked. Every filter has its
-- own way to the newest rows; right-most pages of few values stay in memory, so appending pays some 2 µs an index.
CREATE INDEX ended_by_time ON entry (at, log_id, index) WHERE kind IN ('answered', 'refused', 'abandoned');
CREATE INDEX ended_by_client ON entry (client, at) WHERE kind IN ('answered', 'refused', 'abandoned');
CREATE INDEX ended_by_unit ON entry (unit, at) WHERE kind IN ('answered', 'refused', 'abandoned');
CREATE INDEX ended_by_root ON entry (split_part(unit, '.', 1), at) WHERE kind IN ('answered', 'refused', 'abandoned');
CREATE INDEX ended_by_service ON entry (service, at) WHERE kind IN ('answered', 'refused', 'abandoned');
CREATE INDEX ended_by_procedure ON entry (procedure, at) WHERE kind IN ('answered', 'refused', 'abandoned');
CREATE INDEX ended_by_outcome ON entry (outcome, at) WHERE kind IN ('answered', 'refused', 'abandoned');
CREATE INDEX ended_by_dossier ON entry (dossier, at) WHERE kind IN ('answered', 'refused', 'abandoned');
CREATE INDEX entry_of_acts ON entry (at, log_id, index) WHERE kind = 'admin';
