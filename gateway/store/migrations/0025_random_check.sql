-- The weekly random check: a few look-ups of every stratum (province or ministry by explanation), every emergency, and
-- what auditors made of them. Which ones is known only to the console: their order is a hash under its key.

CREATE TABLE audit_sample (
    week      date NOT NULL,             -- its Monday
    entry_id  uuid NOT NULL,             -- of the entry that ended the look-up
    at        timestamptz NOT NULL,
    stratum   text COLLATE "C" NOT NULL,
    agency    text COLLATE "C",
    PRIMARY KEY (week, entry_id)
);
CREATE TABLE audit_sample_judgement (
    entry_id  uuid PRIMARY KEY,
    verdict   text NOT NULL CHECK (verdict IN ('in_order', 'doubtful')),
    by        text NOT NULL,
    at        timestamptz NOT NULL,
    recorded  uuid NOT NULL              -- the log's entry of it, written before
);

-- Draw a week's sample, once: whoever comes second finds what the first drew.
CREATE FUNCTION console_sample_draw(p_week date, p_since timestamptz, p_until timestamptz, p_secret bytea, p_each integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    drawn integer;
BEGIN
    PERFORM pg_advisory_xact_lock(7041781, p_week - date '2020-01-01');
    SELECT count(*) INTO drawn FROM audit_sample WHERE week = p_week;
    IF drawn > 0 THEN
        RETURN drawn;
    END IF;
    INSERT INTO audit_sample (week, entry_id, at, stratum, agency)
    SELECT p_week, r.entry_id, r.at, r.stratum, r.agency
    FROM (
        SELECT x.entry_id, x.at, x.agency, coalesce(split_part(x.agency, '.', 1), '-') || ' ' || x.kind AS stratum, x.kind,
               row_number() OVER (PARTITION BY split_part(x.agency, '.', 1), x.kind
                                  ORDER BY sha256(p_secret || uuid_send(x.entry_id))) AS place
        FROM explanation x WHERE x.at >= p_since AND x.at < p_until
    ) r
    WHERE r.place <= p_each OR r.kind = 'emergency';
    GET DIAGNOSTICS drawn = ROW_COUNT;
    RETURN drawn;
END $$;

-- Judge one of a sample; false where somebody did before.
CREATE FUNCTION console_sample_judge(p_entry uuid, p_verdict text, p_by text, p_at timestamptz, p_recorded uuid)
RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    INSERT INTO audit_sample_judgement SELECT p_entry, p_verdict, p_by, p_at, p_recorded
    WHERE EXISTS (SELECT FROM audit_sample WHERE entry_id = p_entry)
    ON CONFLICT DO NOTHING RETURNING true;
$$;

-- The screens that count go by time.
CREATE INDEX explanation_by_time ON explanation (at);
