-- Invitations: links that were made, each good for one gateway. Of its secret only the hash is here: whoever reads this
-- table can join with none of them. `digest` is of what was signed, so that only the very link that was made is taken.
CREATE TABLE invitation (
  id text PRIMARY KEY,
  account text NOT NULL,
  sheet text NOT NULL,
  number integer NOT NULL,
  secret bytea NOT NULL,                 -- SHA-256 of it
  digest text NOT NULL,                  -- SHA-256, hexadecimal
  series text[] NOT NULL,
  history_from timestamptz,
  made_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  claimed_by text,                       -- the bare JID that it is bound to, once and for all
  claimed_at timestamptz,
  joined_at timestamptz,                 -- when it had said what it gives
  UNIQUE (account, sheet, number)
);
CREATE INDEX ON invitation (account, claimed_by);
