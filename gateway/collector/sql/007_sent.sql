-- The unit in which a series' values came, where they are kept in another (J came, Wh is kept): a gateway is told how
-- much there is of what it sent, as it sent it. Null until the next value comes.
ALTER TABLE series ADD COLUMN sent_unit text;
