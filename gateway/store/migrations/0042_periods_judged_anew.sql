-- Judging a period anew goes through it page by page, each kind by an index: these two had none of their own.
CREATE INDEX entry_of_status ON entry (at, log_id, index) WHERE kind = 'status';
CREATE INDEX entry_of_searches ON entry (at, log_id, index) WHERE kind = 'admin' AND subject IS NOT NULL;

-- Lags are counted by the day of recording, which follows the order of the rows.
CREATE INDEX dossier_event_by_recording ON dossier_event USING brin (recorded_at) WITH (pages_per_range = 32);
