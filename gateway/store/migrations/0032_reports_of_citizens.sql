-- Every citizen's report is kept in the list of requests, through whatever it was asked: console, portal or command.
CREATE FUNCTION audit_report_put(
    p_person bytea[], p_at timestamptz, p_by text, p_rows integer, p_withheld integer, p_recorded uuid
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
    INSERT INTO citizen_report (person, made_at, made_by, rows, withheld, recorded)
    VALUES (p_person, p_at, p_by, p_rows, p_withheld, p_recorded);
$$;
