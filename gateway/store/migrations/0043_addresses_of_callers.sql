-- From which network addresses each client was seen to call, as pseudonyms of a year. The gateway's role writes here
-- through `audit_addresses_put` alone, in the statement that writes a batch's findings (queries/findings.sql, put).
CREATE TABLE audit_client_address (
    client    text NOT NULL,
    year      integer NOT NULL,
    address   bytea NOT NULL,
    first_at  timestamptz NOT NULL,
    PRIMARY KEY (client, year, address)
);

CREATE FUNCTION audit_addresses_put(p_addresses jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = lienthong, pg_temp AS $$
BEGIN
    INSERT INTO audit_client_address
    SELECT x.client, x.year, decode(x.address, 'hex'), x.first_at
    FROM jsonb_to_recordset(p_addresses) AS x(client text, year integer, address text, first_at timestamptz)
    ON CONFLICT DO NOTHING;
    RETURN true;
END $$;
