-- name: batch
-- Columns of texts, numbers and keys come as one text each (append.py): values joined by U+001F. An absent text is U+001E,
-- an absent number `None`; octets are written as PostgreSQL reads them, `\x` and hexadecimal digits, absent ones without.
SELECT first_index, lost FROM evidence_append(
    $1, $2, $3, $4,
    string_to_array($5, E'\x1f', E'\x1e')::uuid[],
    string_to_array($6, E'\x1f', E'\x1e'), string_to_array($7, E'\x1f', E'\x1e'),
    string_to_array($8, E'\x1f', E'\x1e'), string_to_array($9, E'\x1f', E'\x1e'),
    string_to_array($10, E'\x1f', E'\x1e'), string_to_array($11, E'\x1f', E'\x1e'),
    string_to_array($12, E'\x1f', E'\x1e'), string_to_array($13, E'\x1f', '\x')::bytea[],
    string_to_array($14, E'\x1f', '\x')::bytea[], string_to_array($15, E'\x1f', '\x')::bytea[],
    string_to_array($16, E'\x1f', E'\x1e'),
    string_to_array($17, E'\x1f', E'\x1e')::uuid[],
    $18, $19,
    string_to_array($20, E'\x1f', '\x')::bytea[], string_to_array($21, E'\x1f', 'None')::bigint[], $22,
    string_to_array($23, E'\x1f', 'None')::integer[], $24, $25,
    string_to_array($26, E'\x1f', '\x')::bytea[], string_to_array($27, E'\x1f', 'None')::bigint[],
    string_to_array($28, E'\x1f', '\x')::bytea[], string_to_array($29, E'\x1f', 'None')::integer[],
    string_to_array($30, E'\x1f', '\x')::bytea[], $31, $32
);
