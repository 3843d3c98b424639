-- What the application may do to a log besides appending: open one, seal it, close one that fell behind its
-- pin, and keep house. Each is a function that can only add, so no grant on a table is needed.

-- The slot's open log of the year, made when there is none. Called by the holder of the slot's lease.
CREATE FUNCTION log_open(p_slot integer, p_year integer, p_base text, OUT log_id integer, OUT origin text,
                         OUT next_index bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    generation integer;
BEGIN
    SELECT l.log_id, l.origin, h.next_index INTO log_id, origin, next_index
    FROM log l JOIN log_head h USING (log_id)
    WHERE l.slot = p_slot AND l.year = p_year AND h.closed_why IS NULL AND starts_with(l.origin, p_base || '/')
    ORDER BY l.log_id DESC LIMIT 1;
    IF FOUND THEN
        RETURN;
    END IF;
    UPDATE log_head h SET closed_why = 'followed by another'
    FROM log l WHERE l.log_id = h.log_id AND l.slot = p_slot AND h.closed_why IS NULL;
    generation := 0;
    LOOP
        origin := p_base || '/' || p_year || '/' || p_slot || CASE WHEN generation > 0 THEN '.' || generation ELSE '' END;
        EXIT WHEN NOT EXISTS (SELECT FROM log l WHERE l.origin = log_open.origin);
        generation := generation + 1;
    END LOOP;
    INSERT INTO log AS l (origin, slot, year) VALUES (log_open.origin, p_slot, p_year) RETURNING l.log_id INTO log_id;
    INSERT INTO log_head (log_id) VALUES (log_open.log_id);
    next_index := 0;
END $$;

-- Nothing is appended to a suspended log, nor is its slot given another before an operator reopens it.
CREATE FUNCTION log_suspend(p_log integer, p_why text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    UPDATE log_head SET suspended = coalesce(suspended, p_why) WHERE log_id = p_log;
$$;

-- Close a log for good, by its origin, whether this database still knows it or not; the slot's next lease opens
-- another. Every signature made before now is refused from here on: the nonces that spent them may be lost.
CREATE FUNCTION log_reopen(p_origin text, p_slot integer, p_year integer, p_why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    INSERT INTO log (origin, slot, year) VALUES (p_origin, p_slot, p_year) ON CONFLICT DO NOTHING;
    INSERT INTO log_head (log_id) SELECT log_id FROM log WHERE origin = p_origin ON CONFLICT DO NOTHING;
    UPDATE log_head h SET closed_why = 'reopened: ' || p_why
    FROM log l WHERE l.log_id = h.log_id AND l.origin = p_origin;
    UPDATE in_force SET nonce_floor = greatest(nonce_floor, extract(epoch FROM now())::bigint + 60);
END $$;

-- Tiles only ever grow, and a checkpoint only ever follows a smaller one.
CREATE FUNCTION log_seal(p_log integer, p_levels integer[], p_indexes bigint[], p_data bytea[],
                         p_size bigint, p_signed_at timestamptz, p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    IF p_size > (SELECT next_index FROM log_head WHERE log_id = p_log)
       OR p_size <= (SELECT coalesce(max(size), 0) FROM checkpoint WHERE log_id = p_log) THEN
        RAISE EXCEPTION 'log %: a checkpoint of % entries does not follow', p_log, p_size
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF EXISTS (SELECT FROM unnest(p_levels, p_indexes, p_data) AS n(level, index, data)
               JOIN tile t ON t.log_id = p_log AND t.level = n.level AND t.index = n.index
               WHERE substr(n.data, 1, octet_length(t.data)) <> t.data) THEN
        RAISE EXCEPTION 'log %: a tile would change', p_log USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO tile AS t SELECT p_log, level, index, data FROM unnest(p_levels, p_indexes, p_data) AS n(level, index, data)
    ON CONFLICT (log_id, level, index) DO UPDATE SET data = excluded.data;
    INSERT INTO checkpoint VALUES (p_log, p_size, p_signed_at, p_note);
END $$;

-- Every signature created at or before p_floor is refused from here on. Waits for the batches under way.
CREATE FUNCTION raise_nonce_floor(p_floor bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    risen bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7041776, 2);
    UPDATE in_force SET nonce_floor = greatest(nonce_floor, p_floor) RETURNING nonce_floor INTO risen;
    RETURN risen;
END $$;

-- Nonces older than p_age seconds go, at most p_limit at once, and never one above the floor: raise it first.
CREATE FUNCTION drop_old_nonces(p_age integer, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    dropped integer;
BEGIN
    DELETE FROM nonce WHERE key IN (
        SELECT key FROM nonce
        WHERE created <= (SELECT least(nonce_floor, extract(epoch FROM now())::bigint - greatest(p_age, 86400))
                          FROM in_force)
        ORDER BY created LIMIT p_limit);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$;

-- Counters of days before p_before, the day's four bytes; today's and yesterday's stay whatever is asked.
CREATE FUNCTION drop_old_counters(p_before bytea, p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    safe constant bytea := least(p_before, int4send(((now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - date '1970-01-01') - 1));
    guesses integer;
    quotas integer;
BEGIN
    DELETE FROM guess WHERE key IN (SELECT key FROM guess WHERE key < safe LIMIT p_limit);
    GET DIAGNOSTICS guesses = ROW_COUNT;
    DELETE FROM quota WHERE key < safe;
    GET DIAGNOSTICS quotas = ROW_COUNT;
    RETURN guesses + quotas;
END $$;

-- How far the sweeper has seen every question closed.
CREATE FUNCTION log_swept(p_log integer, p_swept bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    UPDATE log_head SET swept = greatest(swept, p_swept) WHERE log_id = p_log;
$$;

-- A new configuration waits for the batches under way, and every later batch sees it. NULL: the version in force
-- is not the expected one.
CREATE FUNCTION configuration_apply(p_documents jsonb, p_digest bytea, p_expected integer, p_by text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    version integer;
BEGIN
    PERFORM pg_advisory_xact_lock(7041776, 2);
    SELECT configuration INTO STRICT version FROM in_force FOR UPDATE;
    IF p_expected IS NOT NULL AND p_expected <> version THEN
        RETURN NULL;
    END IF;
    version := version + 1;
    INSERT INTO configuration (version, documents, digest, applied_by) VALUES (version, p_documents, p_digest, p_by);
    UPDATE in_force SET configuration = version;
    PERFORM pg_notify('lienthong_configuration', version::text);
    RETURN version;
END $$;
