-- How much officers looked up on days: each is counted by its own stretch of one index, (officer, at), whatever the
-- planner knows of a young partition (see 0044). Left to itself it read the month's whole log once a batch and held every
-- officer of the batch against every row of it. Takes the place of what `audit_put` does with its two arrays, which are
-- given to it empty.
CREATE FUNCTION audit_officers_put(p_officers bytea[], p_days date[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    INSERT INTO audit_officer_day
    SELECT d.officer, d.day, t.unit, t.lookups, t.persons
    FROM (
        SELECT u.officer, u.day, u.day::timestamp AT TIME ZONE interval '7 hours' AS since,
               (u.day + 1)::timestamp AT TIME ZONE interval '7 hours' AS until
        FROM unnest(p_officers, p_days) AS u(officer, day)
    ) AS d CROSS JOIN LATERAL (
        SELECT max(e.unit) AS unit, count(*) AS lookups, count(DISTINCT e.subject) AS persons
        FROM (
            SELECT * FROM entry e
            WHERE e.officer IS NOT NULL AND (e.officer, e.at) >= (d.officer, d.since)
              AND (e.officer, e.at) < (d.officer, d.until) AND e.at >= d.since AND e.at < d.until AND e.kind = 'answered'
            ORDER BY e.officer, e.at
        ) AS e
    ) AS t
    WHERE t.lookups > 0
    ON CONFLICT (officer, day) DO UPDATE
    SET unit = excluded.unit, lookups = excluded.lookups, persons = excluded.persons;
    RETURN true;
END $$;
