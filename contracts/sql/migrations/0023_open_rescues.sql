-- Rescues that were under way under the first desk: whoever had arrived as tier 3 had no clock any more. All are looked
-- at again, so that every clock of today runs for them.
UPDATE incident SET due_at = least(due_at, now()) WHERE closed_at IS NULL;
