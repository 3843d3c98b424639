-- name: batch
-- Columns of texts and of numbers come as one text each: values joined by U+001F, U+001E for an absent one (append.py).
SELECT first_index, lost FROM evidence_append(
    $1, $2, $3, $4,
    string_to_array($5, E'\x1f', E'\x1e')::uuid[],
    string_to_array($6, E'\x1f', E'\x1e'), string_to_array($7, E'\x1f', E'\x1e'),
    string_to_array($8, E'\x1f', E'\x1e'), string_to_array($9, E'\x1f', E'\x1e'),
    string_to_array($10, E'\x1f', E'\x1e'), string_to_array($11, E'\x1f', E'\x1e'),
    string_to_array($12, E'\x1f', E'\x1e'), $13, $14, $15, string_to_array($16, E'\x1f', E'\x1e'),
    string_to_array($17, E'\x1f', E'\x1e')::uuid[],
    $18, $19, $20, string_to_array($21, E'\x1f', E'\x1e')::bigint[], $22,
    string_to_array($23, E'\x1f', E'\x1e')::integer[], $24, $25,
    $26, string_to_array($27, E'\x1f', E'\x1e')::bigint[],
    $28, string_to_array($29, E'\x1f', E'\x1e')::integer[], $30, $31, $32
);
