-- The functions of the hot path are called with arrays of one or of hundreds. Left alone, the planner plans every small
-- call anew (it sees that the array is short, and believes that to pay) and reads whole tables while they are young.
ALTER FUNCTION evidence_append SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION dossier_receive SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION delivery_settle SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION delivery_settle SET enable_seqscan = off;

-- What is due, leased, with everything that its message says: `delivery_claim` and what it was joined with.
CREATE FUNCTION delivery_next(p_limit integer, p_lease float8)
RETURNS TABLE (
    dossier text, token bigint, doubtful boolean, attempts integer, acknowledged bigint, sequence bigint, late boolean,
    payload bytea, client text, event_id text, applied boolean, received_at timestamptz, due_at timestamptz,
    first_at timestamptz, channel text, fee_due boolean, result text, components text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
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
    SELECT l.dossier, l.token, l.doubtful, l.attempts, l.acknowledged, q.sequence, q.late, q.payload,
           e.client, e.event_id, e.applied, d.received_at, d.due_at,
           (SELECT min(f.occurred_at) FROM dossier_event f WHERE f.dossier = l.dossier), d.channel, d.fee_due,
           d.result::text,
           (SELECT json_agg(json_build_object('code', p.code, 'name', p.name, 'obtained', p.obtained,
                                              'lookup_id', p.lookup_id, 'digitised', p.digitised, 'reused', p.reused)
                            ORDER BY p.code)::text
            FROM dossier_component p WHERE p.dossier = l.dossier)
    FROM leased l JOIN delivery q ON q.sequence = l.next JOIN dossier_event e ON e.sequence = q.sequence
    JOIN dossier d ON d.code = l.dossier;
END $$;
DROP FUNCTION delivery_claim;
