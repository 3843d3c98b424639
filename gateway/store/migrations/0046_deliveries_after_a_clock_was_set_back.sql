-- What was leased or put off by a clock that has been set back since would wait until that time comes again. No lease
-- and no wait is longer than ten minutes: what is due later than that is due now, or after a lease of p_lease seconds
-- where somebody may still be delivering it. Returns how many there were.
CREATE FUNCTION delivery_recall(p_lease float8) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
DECLARE
    recalled integer;
BEGIN
    UPDATE delivery_head
    SET due_at = clock_timestamp() + make_interval(secs => CASE WHEN in_doubt THEN p_lease ELSE 0 END)
    WHERE next IS NOT NULL AND parked IS NULL AND due_at > clock_timestamp() + interval '10 minutes';
    GET DIAGNOSTICS recalled = ROW_COUNT;
    RETURN recalled;
END $$;
