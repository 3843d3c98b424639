-- The newest look-ups of each officer, and about each person, by one way that no guess of the planner's can change: a
-- partition that is new (each month's is) has no statistics, and a plan made then read all of its time for everybody.
-- Comparing rows instead of columns leaves the order to one index alone, (officer, at) or (subject, at).
CREATE FUNCTION audit_of_officers(
    p_officers bytea[], p_since timestamptz, p_until timestamptz, p_limit integer
) RETURNS TABLE (
    entry_id text, at timestamptz, officer bytea, subject bytea, service text, dossier text, outcome text, kind text,
    why text
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.entry_id::text, e.at, e.officer, e.subject, e.service, e.dossier, e.outcome, x.kind,
           coalesce(x.detail ->> 'why', '')
    FROM unnest(p_officers) AS o(code) CROSS JOIN LATERAL (
        SELECT * FROM entry e
        WHERE e.officer IS NOT NULL AND (e.officer, e.at) >= (o.code, p_since) AND (e.officer, e.at) <= (o.code, p_until)
          AND e.at >= p_since AND e.at <= p_until AND e.kind IN ('answered', 'refused')
        ORDER BY e.officer DESC, e.at DESC LIMIT p_limit) AS e
    LEFT JOIN explanation x ON x.entry_id = e.entry_id;
END $$;

CREATE FUNCTION audit_of_people(
    p_people bytea[], p_since timestamptz, p_until timestamptz, p_limit integer
) RETURNS TABLE (
    entry_id text, at timestamptz, officer bytea, subject bytea, service text, dossier text, outcome text, kind text,
    why text
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.entry_id::text, e.at, e.officer, e.subject, e.service, e.dossier,
           CASE WHEN cardinality(o.mismatch) > 0 THEN 'mismatch' ELSE e.outcome END, x.kind,
           coalesce(x.detail ->> 'why', '')
    FROM unnest(p_people) AS p(code) CROSS JOIN LATERAL (
        SELECT * FROM entry e
        WHERE e.subject IS NOT NULL AND (e.subject, e.at) >= (p.code, p_since) AND (e.subject, e.at) <= (p.code, p_until)
          AND e.at >= p_since AND e.at <= p_until AND e.kind = 'answered'
        ORDER BY e.subject DESC, e.at DESC LIMIT p_limit) AS e
    LEFT JOIN explanation x ON x.entry_id = e.entry_id LEFT JOIN lookup_outcome o ON o.lookup_id = e.question;
END $$;
