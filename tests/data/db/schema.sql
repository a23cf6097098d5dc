CREATE TABLE attempt (
    task        INTEGER NOT NULL REFERENCES task (id),
    number      INTEGER NOT NULL,
    node        TEXT NOT NULL,
    numa        INTEGER,
    gpus        TEXT NOT NULL,
    state       TEXT NOT NULL,
    assigned_at INTEGER NOT NULL,
    started_at  INTEGER,
    outcome     TEXT,                      -- JSON
    PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch (
    id           INTEGER PRIMARY KEY,
    submitted_at INTEGER NOT NULL,         -- microseconds since 1970, as all times here
    total        INTEGER NOT NULL,
    submitted_by TEXT NOT NULL,
    container    TEXT NOT NULL,            -- '': directly on the node
    line         TEXT NOT NULL,            -- command and arguments, what a search looks at
    spec         TEXT NOT NULL             -- JSON
) STRICT;

CREATE INDEX batch_by_container ON batch (container, id, total);

CREATE INDEX batch_by_user ON batch (submitted_by, id, total);

CREATE TABLE counter (                     -- next_task: the first task id that was never saved
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    id     INTEGER PRIMARY KEY,
    task   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    node   TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE INDEX event_by_task ON event (task);

CREATE TABLE node (
    name       TEXT PRIMARY KEY,
    inventory  TEXT NOT NULL,              -- JSON
    drained    INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    removed    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
    id                  INTEGER PRIMARY KEY,
    batch               INTEGER NOT NULL REFERENCES batch (id),
    number              INTEGER NOT NULL,
    target              TEXT NOT NULL,
    state               TEXT NOT NULL,
    attempt             INTEGER NOT NULL,
    kill_requested      INTEGER NOT NULL,
    node                TEXT,              -- node, numa and gpus: the placement, absent before there is one
    numa                INTEGER,
    gpus                TEXT,
    started_at          INTEGER,
    completed_at        INTEGER,
    environment_version TEXT,
    warnings            TEXT,              -- JSON list, NULL when empty
    outcome             TEXT,              -- JSON
    CHECK (id = batch + number)            -- the task list walks batches by it instead of by an index
) STRICT;

CREATE INDEX task_by_node ON task (node, state) WHERE node IS NOT NULL;

CREATE INDEX task_by_state ON task (state);

CREATE TABLE task_count (                  -- how many tasks of a batch are in a state; batch 0: of all
    batch INTEGER NOT NULL,
    state TEXT NOT NULL,
    tasks INTEGER NOT NULL,
    PRIMARY KEY (batch, state)
) STRICT, WITHOUT ROWID;

