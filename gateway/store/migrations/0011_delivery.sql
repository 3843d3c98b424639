-- Deliveries to the National Portal (DESIGN section 6): the outbox, written in the event's own transaction, and one
-- head per dossier, which is what deliverers claim. The rule: a dossier's events go out one after another in our
-- `sequence` order; whoever holds the newest token may settle, nobody else.
--
-- A claim is a lease: the head becomes due again when the lease runs out. `in_doubt` is raised with the claim and
-- lowered when the outcome is known, so a claim that finds it raised asks the portal first what it holds.

CREATE TABLE delivery (
    sequence      bigint PRIMARY KEY,  -- the event's
    dossier       text COLLATE "C" NOT NULL,
    late          boolean NOT NULL,    -- older than what was known when it came: progress only
    payload       bytea,               -- the whole event, encrypted for the gateway; dropped a while after it was delivered
    queued_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at  timestamptz,         -- NULL: pending
    how           text                 -- sent, held (the portal had it), withheld (kept after a final state)
) WITH (fillfactor = 80);
CREATE INDEX delivery_pending ON delivery (dossier, sequence) WHERE delivered_at IS NULL;
CREATE INDEX delivery_waiting ON delivery (queued_at) WHERE delivered_at IS NULL;
CREATE INDEX delivery_droppable ON delivery (delivered_at) WHERE delivered_at IS NOT NULL AND payload IS NOT NULL;

CREATE TABLE delivery_head (
    dossier       text COLLATE "C" PRIMARY KEY,
    next          bigint,               -- oldest pending event; NULL: none
    due_at        timestamptz NOT NULL, -- not before; while leased, the lease's end
    token         bigint NOT NULL DEFAULT 0,
    in_doubt      boolean NOT NULL DEFAULT false,
    attempts      integer NOT NULL DEFAULT 0,  -- of `next`, without success
    last_error    text,                 -- a short machine word
    parked        text,                 -- why nothing is sent until an operator replays it
    parked_at     timestamptz,
    acknowledged  bigint,               -- newest event the portal has taken
    acknowledged_at timestamptz
) WITH (fillfactor = 60);
CREATE INDEX delivery_head_due ON delivery_head (due_at) WHERE next IS NOT NULL AND parked IS NULL;
CREATE INDEX delivery_head_parked ON delivery_head (parked_at) WHERE parked IS NOT NULL;

CREATE OR REPLACE FUNCTION delivery_enqueue(
    p_sequence bigint[], p_dossier text[], p_late boolean[], p_payload bytea[]
) RETURNS void LANGUAGE plpgsql SET search_path = lienthong, pg_temp AS $$
BEGIN
    INSERT INTO delivery (sequence, dossier, late, payload)
    SELECT s, d, l, p FROM unnest(p_sequence, p_dossier, p_late, p_payload) AS t(s, d, l, p);
    INSERT INTO delivery_head AS h (dossier, next, due_at)
    SELECT d, min(s), clock_timestamp() FROM unnest(p_dossier, p_sequence) AS t(d, s) GROUP BY d ORDER BY d
    ON CONFLICT (dossier) DO UPDATE
    SET next = excluded.next, due_at = excluded.due_at, attempts = 0 WHERE h.next IS NULL;
END $$;

-- An event that was kept after a final state and withheld goes out once a reopening lets it take effect.
CREATE FUNCTION delivery_release() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    UPDATE delivery SET delivered_at = NULL, how = NULL WHERE sequence = NEW.sequence AND how = 'withheld';
    IF FOUND THEN
        UPDATE delivery_head SET due_at = CASE WHEN next IS NULL THEN clock_timestamp() ELSE due_at END,
                                 next = least(next, NEW.sequence) WHERE dossier = NEW.dossier;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_release AFTER UPDATE OF applied ON dossier_event
FOR EACH ROW WHEN (NEW.applied AND NOT OLD.applied) EXECUTE FUNCTION delivery_release();

-- Lease up to p_limit dossiers that are due, longest due first, for p_lease seconds; one row each, with its oldest
-- pending event. `doubtful`: an earlier claim was never settled.
CREATE FUNCTION delivery_claim(p_limit integer, p_lease float8)
RETURNS TABLE (dossier text, token bigint, doubtful boolean, attempts integer, acknowledged bigint, sequence bigint,
               late boolean, payload bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp ROWS 100 AS $$
    WITH due AS MATERIALIZED (
        SELECT h.dossier, h.in_doubt FROM delivery_head h
        WHERE h.next IS NOT NULL AND h.parked IS NULL AND h.due_at <= clock_timestamp()
        ORDER BY h.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE delivery_head h SET due_at = clock_timestamp() + make_interval(secs => p_lease), token = h.token + 1,
                                   in_doubt = true
        FROM due WHERE h.dossier = due.dossier
        RETURNING h.dossier, h.token, due.in_doubt AS doubtful, h.attempts, h.acknowledged, h.next
    )
    SELECT l.dossier, l.token, l.doubtful, l.attempts, l.acknowledged, d.sequence, d.late, d.payload
    FROM leased l JOIN delivery d ON d.sequence = l.next;
$$;

-- Settle leased dossiers. `p_fate`: sent, held, withheld (all end the event), retry (again after p_wait seconds),
-- doubt (the same, its outcome unknown), park (p_error says why). Rows whose token is no longer the newest change
-- nothing. Returns how many were settled.
CREATE FUNCTION delivery_settle(
    p_dossier text[], p_token bigint[], p_sequence bigint[], p_fate text[], p_wait float8[], p_error text[]
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    held text[];
BEGIN
    -- lock first: what the next statements read then includes whatever was queued before
    SELECT array_agg(x.dossier) INTO held FROM (
        SELECT h.dossier FROM delivery_head h JOIN unnest(p_dossier, p_token) AS t(d, k) ON h.dossier = t.d AND h.token = t.k
        ORDER BY h.dossier FOR UPDATE OF h) AS x;
    IF held IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE delivery d SET delivered_at = clock_timestamp(), how = t.f
    FROM unnest(p_dossier, p_sequence, p_fate) AS t(c, s, f)
    WHERE d.sequence = t.s AND t.c = ANY (held) AND t.f IN ('sent', 'held', 'withheld');
    UPDATE delivery_head h SET
        next = CASE WHEN t.f IN ('sent', 'held', 'withheld')
                    THEN (SELECT d.sequence FROM delivery d WHERE d.dossier = h.dossier AND d.delivered_at IS NULL
                          ORDER BY d.sequence LIMIT 1)
                    ELSE h.next END,
        due_at = clock_timestamp() + make_interval(secs => CASE WHEN t.f IN ('retry', 'doubt') THEN t.w ELSE 0 END),
        in_doubt = t.f = 'doubt',
        attempts = CASE WHEN t.f IN ('sent', 'held', 'withheld') THEN 0 ELSE h.attempts + 1 END,
        last_error = CASE WHEN t.f IN ('sent', 'held', 'withheld') THEN NULL ELSE t.e END,
        parked = CASE WHEN t.f = 'park' THEN t.e END,
        parked_at = CASE WHEN t.f = 'park' THEN clock_timestamp() END,
        acknowledged = CASE WHEN t.f IN ('sent', 'held') THEN t.s ELSE h.acknowledged END,
        acknowledged_at = CASE WHEN t.f IN ('sent', 'held') THEN clock_timestamp() ELSE h.acknowledged_at END
    FROM unnest(p_dossier, p_sequence, p_fate, p_wait, p_error) AS t(c, s, f, w, e)
    WHERE h.dossier = t.c AND t.c = ANY (held);
    RETURN cardinality(held);
END $$;

-- An operator has a parked dossier tried again, or with p_from an already delivered part sent once more; the portal is
-- asked first what it holds unless p_unasked. What was dropped from the outbox cannot be sent. Returns how many events
-- are pending now; NULL: no such dossier.
CREATE FUNCTION delivery_replay(p_dossier text, p_from bigint, p_unasked boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    PERFORM FROM delivery_head WHERE dossier = p_dossier FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE delivery SET delivered_at = NULL, how = NULL
    WHERE sequence IN (SELECT e.sequence FROM dossier_event e WHERE e.dossier = p_dossier AND e.sequence + 0 >= p_from)
      AND delivered_at IS NOT NULL AND payload IS NOT NULL;
    UPDATE delivery_head SET parked = NULL, parked_at = NULL, attempts = 0, due_at = clock_timestamp(),
        token = token + 1, in_doubt = NOT p_unasked,
        next = (SELECT d.sequence FROM delivery d WHERE d.dossier = p_dossier AND d.delivered_at IS NULL
                ORDER BY d.sequence LIMIT 1)
    WHERE dossier = p_dossier;
    RETURN (SELECT count(*) FROM delivery WHERE dossier = p_dossier AND delivered_at IS NULL);
END $$;

-- Payloads of what was delivered more than p_age seconds ago go, at most p_limit at once.
CREATE FUNCTION delivery_drop_payloads(p_age float8, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    dropped integer;
BEGIN
    UPDATE delivery SET payload = NULL WHERE sequence IN (
        SELECT sequence FROM delivery
        WHERE payload IS NOT NULL AND how <> 'withheld'
          AND delivered_at < clock_timestamp() - make_interval(secs => greatest(p_age, 3600))
        ORDER BY delivered_at LIMIT p_limit);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$;

-- Sessions of the drop-in door, by the SHA-256 of their name.
CREATE TABLE compat_session (
    key         bytea PRIMARY KEY,
    account     text NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX compat_session_by_age ON compat_session (expires_at);

CREATE FUNCTION compat_session_open(p_key bytea, p_account text, p_seconds float8) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    DELETE FROM compat_session WHERE expires_at < clock_timestamp();
    INSERT INTO compat_session VALUES (p_key, p_account, clock_timestamp() + make_interval(secs => least(p_seconds, 1800)));
$$;
