-- Run after every migration: what the application role may do. Reading, and calling the functions that only add.
DO $$
DECLARE
    app constant text := current_setting('lienthong.application_role');
    granted regprocedure;
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA lienthong FROM PUBLIC, %I', app);
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA lienthong FROM PUBLIC, %I', app);
    EXECUTE format('GRANT USAGE ON SCHEMA lienthong TO %I', app);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA lienthong TO %I', app);
    FOR granted IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'lienthong'::regnamespace AND prosecdef
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', granted, app);
    END LOOP;
END $$;
