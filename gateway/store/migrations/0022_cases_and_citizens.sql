-- Reveals: the daily number of each person holds, however many ask at once and from however many consoles. NULL: it is
-- reached, and nobody else takes part.
CREATE FUNCTION case_reveal_put(
    p_entry uuid, p_case bigint, p_by text, p_second text, p_at timestamptz, p_recorded uuid,
    p_since timestamptz, p_cap integer
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7041780, hashtext(p_by));
    INSERT INTO reveal (entry_id, case_id, by, second, at, recorded)
    SELECT p_entry, p_case, p_by, p_second, p_at, p_recorded
    WHERE p_second IS NOT NULL OR (SELECT count(*) FROM reveal WHERE by = p_by AND at >= p_since) < p_cap
    RETURNING reveal_id INTO made;
    RETURN made;
END $$;
