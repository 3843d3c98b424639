-- Run after every migration: what the application role may do. Reading, and calling the functions that only add. The
-- console's role, where it was created, reads all but callers' sessions and writes its own tables; users, sessions and
-- what was typed into the console are its alone.
DO $$
DECLARE
    app constant text := current_setting('lienthong.application_role');
    console constant text := 'lienthong_console';
    granted regprocedure;
    kept text;
BEGIN
    PERFORM set_config('search_path', 'lienthong', true);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA lienthong FROM PUBLIC, %I', app);
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA lienthong FROM PUBLIC, %I', app);
    EXECUTE format('GRANT USAGE ON SCHEMA lienthong TO %I', app);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA lienthong TO %I', app);
    FOR granted IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'lienthong'::regnamespace AND prosecdef
          AND proname NOT SIMILAR TO '(console|case|citizen)_%'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', granted, app);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['console_user', 'console_guess', 'console_session', 'console_handle'] LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I', kept, app);
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = console) OR console = app THEN
        RETURN;
    END IF;
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA lienthong FROM %I', console);
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA lienthong FROM %I', console);
    EXECUTE format('GRANT USAGE ON SCHEMA lienthong TO %I', console);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA lienthong TO %I', console);
    EXECUTE format('REVOKE ALL ON compat_session, nonce, quota, guess FROM %I', console);
    EXECUTE format('GRANT INSERT, UPDATE, DELETE ON console_user, console_session, console_guess TO %I', console);
    EXECUTE format('GRANT INSERT, UPDATE ON console_job, audit_case, citizen_delay TO %I', console);
    EXECUTE format('GRANT UPDATE (state, assigned_to, case_id) ON alert TO %I', console);
    EXECUTE format('GRANT INSERT ON console_handle, audit_case_event, audit_case_entry, reveal, citizen_report, '
                   'citizen_objection TO %I', console);
    FOR granted IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'lienthong'::regnamespace AND prosecdef
          AND (proname IN ('evidence_append', 'log_open', 'make_partitions', 'delivery_replay')
               OR proname SIMILAR TO '(console|case|citizen|alert|audit)_%')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', granted, console);
    END LOOP;
END $$;
