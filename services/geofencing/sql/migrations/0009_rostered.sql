-- Who is on a duty of the register, and until when: a row goes with its duty, by a timer or because the register says so.
CREATE TABLE rostered (
    volunteer_id uuid PRIMARY KEY,
    until timestamptz NOT NULL
);
