-- One batch of the log is one call of `evidence_append` (DESIGN section 3): it spends nonces, raises and
-- gives back counters, takes indexes from the slot's own head, inserts the entries, and says per row what was
-- lost. A loser consumes no index and leaves nothing spent or reserved.
--
-- Nearly every batch has no loser, so it is first tried whole, in one statement. Where anything would be lost that
-- attempt is rolled back to a savepoint and the batch is judged row by row.
--
-- Locks are always taken in the same order (the shared lock of what is in force, nonces by key, near quotas by
-- key, guesses by key, the log's head), so batches of different slots never wait for each other in a circle.
--
-- Losses: 0 none, 1 replayed, 2 expired, 3 quota, 4 guessed, 5 stale.

-- Rows beyond the limit of their quota lose. Far from its limit a quota is summed over the slots' own rows,
-- which no other batch locks; within p_margin of it batches queue on a lock, and the limit is exact.
CREATE FUNCTION evidence_raise_quota(
    p_slot integer, p_keys bytea[], p_limits bigint[], INOUT p_lost smallint[]
) LANGUAGE plpgsql AS $$
DECLARE
    margin constant bigint := 8000;  -- as in evidence_append
    wanted record;
    total bigint;
    granted bigint;
BEGIN
    FOR wanted IN
        SELECT k AS key, min(l) AS cap, count(*) AS rows
        FROM unnest(p_keys, p_limits) AS t(k, l) WHERE k IS NOT NULL GROUP BY k ORDER BY k
    LOOP
        SELECT coalesce(sum(used), 0) INTO total FROM quota WHERE key = wanted.key;
        IF total + margin > wanted.cap THEN
            PERFORM pg_advisory_xact_lock(hashtextextended(encode(wanted.key, 'hex'), 7041776));
            SELECT coalesce(sum(used), 0) INTO total FROM quota WHERE key = wanted.key;
        END IF;
        granted := least(wanted.rows, greatest(wanted.cap - total, 0));
        IF granted > 0 THEN
            INSERT INTO quota AS q (key, slot, used) VALUES (wanted.key, p_slot, granted)
            ON CONFLICT (key, slot) DO UPDATE SET used = q.used + excluded.used;
        END IF;
        IF granted < wanted.rows THEN
            SELECT array_agg(CASE WHEN lost = 0 AND key = wanted.key AND rank > granted THEN 3::smallint ELSE lost END
                             ORDER BY o)
            INTO p_lost
            FROM (SELECT o, k AS key, lost, row_number() OVER (PARTITION BY k ORDER BY o) AS rank
                  FROM unnest(p_keys, p_lost) WITH ORDINALITY AS t(k, lost, o)) AS ranked;
        END IF;
    END LOOP;
END $$;

-- Raises and give-backs of guess counters in one sorted statement; what is beyond its limit loses.
CREATE FUNCTION evidence_raise_guesses(
    p_raise bytea[], p_limits integer[], p_give bytea[], INOUT p_lost smallint[]
) LANGUAGE plpgsql AS $$
DECLARE
    over_keys bytea[];
    over_used integer[];
BEGIN
    WITH change AS (
        SELECT k, sum(d)::integer AS delta
        FROM (SELECT k, 1 AS d FROM unnest(p_raise) AS r(k) UNION ALL SELECT k, -1 FROM unnest(p_give) AS g(k)) AS c
        WHERE k IS NOT NULL GROUP BY k ORDER BY k
    ), raised AS (
        INSERT INTO guess AS g (key, used) SELECT k, delta FROM change
        ON CONFLICT (key) DO UPDATE SET used = greatest(g.used + excluded.used, 0)
        RETURNING g.key, g.used
    )
    SELECT array_agg(raised.key), array_agg(raised.used) INTO over_keys, over_used
    FROM raised
    WHERE raised.used > (SELECT min(l) FROM unnest(p_raise, p_limits) AS t(k, l) WHERE t.k = raised.key);
    IF over_keys IS NULL THEN
        RETURN;
    END IF;
    WITH rows AS (
        SELECT o, k, l, lost, used,
               row_number() OVER (PARTITION BY k ORDER BY o) AS rank, count(*) OVER (PARTITION BY k) AS raises
        FROM unnest(p_raise, p_limits, p_lost) WITH ORDINALITY AS t(k, l, lost, o)
        LEFT JOIN unnest(over_keys, over_used) AS v(key, used) ON v.key = t.k
    ), judged AS (
        SELECT o, k, CASE WHEN used IS NOT NULL AND used - raises + rank > l THEN 4::smallint ELSE lost END AS lost
        FROM rows
    ), undone AS (
        UPDATE guess SET used = guess.used - losers.n
        FROM (SELECT k, count(*)::integer AS n FROM judged WHERE lost = 4 GROUP BY k) AS losers
        WHERE guess.key = losers.k
    )
    SELECT array_agg(lost ORDER BY o) INTO p_lost FROM judged;
END $$;

-- Spend and reserve row by row; returns each row's loss.
CREATE FUNCTION evidence_judge(
    p_slot integer, p_rows integer, p_kind text[], p_nonce bytea[], p_created bigint[], p_config integer[],
    p_quota bytea[], p_quota_limit bigint[], p_guess bytea[], p_guess_limit integer[], p_give bytea[],
    OUT lost smallint[]
) LANGUAGE plpgsql AS $$
DECLARE
    spent bytea[];
    force in_force;
BEGIN
    WITH won AS (
        INSERT INTO nonce (key, created)
        SELECT k, c FROM unnest(p_nonce, p_created) AS t(k, c) WHERE k IS NOT NULL ORDER BY k
        ON CONFLICT DO NOTHING RETURNING key
    ) SELECT coalesce(array_agg(key), '{}') INTO spent FROM won;
    SELECT * INTO STRICT force FROM in_force;
    SELECT array_agg(CASE WHEN k IS NOT NULL AND NOT k = ANY (spent) THEN 1::smallint
                          WHEN k IS NOT NULL AND c <= force.nonce_floor AND kind IS DISTINCT FROM 'refused'
                          THEN 2::smallint
                          WHEN v <> force.configuration THEN 5::smallint ELSE 0::smallint END ORDER BY o)
    INTO lost
    FROM unnest(array_fill(0, ARRAY[p_rows]), p_nonce, p_created, p_kind, p_config)
         WITH ORDINALITY AS t(z, k, c, kind, v, o);

    SELECT array_agg(CASE WHEN l = 0 THEN q END ORDER BY o) INTO p_quota
    FROM unnest(lost, p_quota) WITH ORDINALITY AS t(l, q, o);
    lost := evidence_raise_quota(p_slot, p_quota, p_quota_limit, lost);
    SELECT array_agg(CASE WHEN l = 0 THEN g END ORDER BY o) INTO p_guess
    FROM unnest(lost, p_guess) WITH ORDINALITY AS t(l, g, o);
    lost := evidence_raise_guesses(p_guess, p_guess_limit, p_give, lost);

    -- who lost its guess gives its quota back, who lost anything but its nonce gets the nonce back
    UPDATE quota SET used = used - over.n
    FROM (SELECT q, count(*) AS n FROM unnest(lost, p_quota) AS t(l, q) WHERE l = 4 GROUP BY q) AS over
    WHERE key = over.q AND slot = p_slot;
    DELETE FROM nonce USING unnest(lost, p_nonce) AS t(l, k) WHERE nonce.key = t.k AND t.l > 1;
END $$;

-- Rows p_entries + 1 … of the nonce arrays spend a nonce and write no entry. NULL arrays: nothing of the kind.
-- p_min_created is the least `created` of rows the floor holds for (refusals are exempt: they are refused
-- already), p_min_config and p_max_config frame the versions to be checked: scalars that spare a scan.
-- `lost` is NULL where nothing was lost.
CREATE FUNCTION evidence_append(
    p_log integer, p_slot integer, p_entries integer,
    p_at timestamptz[], p_entry_id uuid[], p_kind text[], p_request_id text[], p_client text[], p_service text[],
    p_procedure text[], p_dossier text[], p_unit text[], p_officer bytea[], p_subject bytea[], p_person bytea[],
    p_outcome text[], p_question uuid[], p_deadline timestamptz[], p_leaf bytea[],
    p_nonce bytea[], p_created bigint[], p_min_created bigint,
    p_config integer[], p_min_config integer, p_max_config integer,
    p_quota bytea[], p_quota_limit bigint[], p_guess bytea[], p_guess_limit integer[], p_give bytea[],
    p_key_id bytea, p_key_wrapped bytea,
    OUT first_index bigint, OUT lost smallint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    kept integer := p_entries;
    clean boolean;
BEGIN
    -- whoever changes what is in force waits for us, and then we for it: what is read below is what holds
    PERFORM pg_advisory_xact_lock_shared(7041776, 2);
    IF p_nonce IS NOT NULL OR p_quota IS NOT NULL OR p_guess IS NOT NULL OR p_give IS NOT NULL
       OR p_min_config IS NOT NULL THEN
        BEGIN  -- all or nothing: any row that would lose, or a quota near its limit, undoes the attempt
            WITH won AS (
                INSERT INTO nonce (key, created)
                SELECT k, c FROM unnest(p_nonce, p_created) AS t(k, c) WHERE k IS NOT NULL ORDER BY k
                ON CONFLICT DO NOTHING RETURNING key
            ), wanted AS (
                SELECT k, count(*) AS rows, min(l) AS cap FROM unnest(p_quota, p_quota_limit) AS t(k, l)
                WHERE k IS NOT NULL GROUP BY k
            ), raised AS (
                INSERT INTO quota AS q (key, slot, used) SELECT k, p_slot, rows FROM wanted
                ON CONFLICT (key, slot) DO UPDATE SET used = q.used + excluded.used
            ), change AS (
                SELECT k, sum(d)::integer AS delta
                FROM (SELECT unnest(p_guess), 1 UNION ALL SELECT unnest(p_give), -1) AS c(k, d)
                WHERE k IS NOT NULL GROUP BY k ORDER BY k
            ), guessed AS (
                INSERT INTO guess AS g (key, used) SELECT k, delta FROM change
                ON CONFLICT (key) DO UPDATE SET used = greatest(g.used + excluded.used, 0)
                RETURNING g.used
            )
            SELECT (SELECT count(*) FROM won) = coalesce(cardinality(array_remove(p_nonce, NULL)), 0)
               AND coalesce(p_min_created > f.nonce_floor, true)
               AND coalesce(p_min_config = f.configuration AND p_max_config = f.configuration, true)
               AND NOT EXISTS (SELECT FROM wanted AS w
                               WHERE (SELECT coalesce(sum(used), 0) FROM quota WHERE key = w.k) + w.rows + 8000 > w.cap)
               AND coalesce((SELECT max(used) FROM guessed) <= (SELECT min(l) FROM unnest(p_guess_limit) AS l), true)
            INTO STRICT clean
            FROM in_force AS f;
            IF NOT clean THEN
                RAISE EXCEPTION USING ERRCODE = 'LT001';
            END IF;
        EXCEPTION WHEN SQLSTATE 'LT001' THEN
            lost := evidence_judge(p_slot, greatest(p_entries, cardinality(p_nonce)), p_kind, p_nonce, p_created,
                                   p_config, p_quota, p_quota_limit, p_guess, p_guess_limit, p_give);
            SELECT count(*) INTO kept FROM unnest(lost[1:p_entries]) AS t(l) WHERE l = 0;
        END;
    END IF;
    IF p_key_id IS NOT NULL THEN
        INSERT INTO sealing_key (key_id, wrapped) VALUES (p_key_id, p_key_wrapped) ON CONFLICT DO NOTHING;
    END IF;
    IF kept = 0 THEN
        RETURN;
    END IF;
    IF kept = p_entries THEN
        WITH head AS (
            UPDATE log_head SET next_index = next_index + kept
            WHERE log_id = p_log AND closed_why IS NULL AND suspended IS NULL RETURNING next_index - kept AS first
        ), inserted AS (
            INSERT INTO entry
            SELECT p_log, first + o - 1, a, i, k, r, c, s, p, d, u, f, b, n, t, q, e, l
            FROM head, unnest(p_at, p_entry_id, p_kind, p_request_id, p_client, p_service, p_procedure, p_dossier,
                              p_unit, p_officer, p_subject, p_person, p_outcome, p_question, p_deadline, p_leaf)
                       WITH ORDINALITY AS x(a, i, k, r, c, s, p, d, u, f, b, n, t, q, e, l, o)
        )
        SELECT first INTO first_index FROM head;
    ELSE
        WITH head AS (
            UPDATE log_head SET next_index = next_index + kept
            WHERE log_id = p_log AND closed_why IS NULL AND suspended IS NULL RETURNING next_index - kept AS first
        ), inserted AS (
            INSERT INTO entry
            SELECT p_log, first + row_number() OVER (ORDER BY o) - 1, a, i, k, r, c, s, p, d, u, f, b, n, t, q, e, l
            FROM head, unnest(lost[1:p_entries], p_at, p_entry_id, p_kind, p_request_id, p_client, p_service,
                              p_procedure, p_dossier, p_unit, p_officer, p_subject, p_person, p_outcome, p_question,
                              p_deadline, p_leaf)
                       WITH ORDINALITY AS x(z, a, i, k, r, c, s, p, d, u, f, b, n, t, q, e, l, o)
            WHERE z = 0
        )
        SELECT first INTO first_index FROM head;
    END IF;
    IF first_index IS NULL THEN
        RAISE EXCEPTION 'log % is closed or suspended', p_log USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END $$;
