-- Volunteers who want no page any more, as the register says. What becomes of a seat they have is for a person to decide.
CREATE TABLE opted_out (
    volunteer_id uuid PRIMARY KEY
);
