PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE batch (
    id           INTEGER PRIMARY KEY,
    submitted_at INTEGER NOT NULL,         -- microseconds since 1970, as all times here
    total        INTEGER NOT NULL,
    submitted_by TEXT NOT NULL,
    container    TEXT NOT NULL,            -- '': directly on the node
    line         TEXT NOT NULL,            -- command and arguments, what a search looks at
    spec         TEXT NOT NULL             -- JSON
) STRICT;
INSERT INTO batch VALUES(1,1000001,3,'ann','torch','python train.py --name ünï "q"','{"command":"python","arguments":["train.py","--name","ünï \"q\""],"env":{"A":"b"},"cores":4,"memory":512000000,"gpu_count":0,"container":"torch","privileged":false,"mounts":["/data:/data:ro"],"priority":5,"strategy":"best-fit","submitted_by":"ann","working_directory":"","sweep":false,"max_running":0,"max_fails":null}');
INSERT INTO batch VALUES(4,1000004,1,'bob','','true','{"command":"true","arguments":[],"env":{},"cores":1,"memory":null,"gpu_count":0,"container":null,"privileged":false,"mounts":[],"priority":0,"strategy":null,"submitted_by":"bob","working_directory":"","sweep":false,"max_running":0,"max_fails":null}');
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
INSERT INTO task VALUES(1,1,0,'node1:0::0,1','failed',1,0,'node1',0,'0,1',1764000000000000,1764000005000000,'20251124','["no limit"]','{"reason":"exited","exit_code":3,"signal":null,"started_at":"2025-11-24T16:00:00.000000Z","finished_at":"2025-11-24T16:00:05.000000Z","peak_memory":123456,"cpu_time":99,"message":"x"}');
INSERT INTO task VALUES(2,1,1,'','running',2,1,'node1',0,'0,1',1764000006000000,NULL,NULL,NULL,NULL);
INSERT INTO task VALUES(3,1,2,'','pending',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO task VALUES(4,4,0,'','completed',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO attempt VALUES(1,1,'node1',0,'0,1','failed',1763999999000000,1764000000000000,'{"reason":"exited","exit_code":3,"signal":null,"started_at":"2025-11-24T16:00:00.000000Z","finished_at":"2025-11-24T16:00:05.000000Z","peak_memory":123456,"cpu_time":99,"message":"x"}');
INSERT INTO attempt VALUES(2,1,'node1',0,'0,1','lost',1763999999000000,NULL,NULL);
INSERT INTO attempt VALUES(2,2,'node1',0,'0,1','running',1764000005500000,1764000006000000,NULL);
CREATE TABLE node (
    name       TEXT PRIMARY KEY,
    inventory  TEXT NOT NULL,              -- JSON
    drained    INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    removed    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO node VALUES('node1','{"cores":16,"memory":64000000000,"numa":[{"id":0,"cpus":[0,1],"memory":1}],"gpus":[{"id":0,"uuid":"GPU-1","name":"","vendor":"","driver_version":"","pci_bus_id":"","healthy":true,"problem":"","utilization":-1,"memory_utilization":-1,"graphics_clock_mhz":-1,"memory_clock_mhz":-1,"memory_total_mib":-1E0,"memory_used_mib":-1E0,"memory_free_mib":-1E0,"temperature":-1,"fan_speed":-1,"power_usage_mw":-1,"power_limit_mw":-1,"mig_parent":"","processes":[]}],"executors":[{"kind":"docker","available":true,"problem":"","warnings":[]}],"version":"","boot_id":"","state_id":"","address":""}',1,1,2,0);
INSERT INTO node VALUES('old','{"cores":16,"memory":64000000000,"numa":[{"id":0,"cpus":[0,1],"memory":1}],"gpus":[{"id":0,"uuid":"GPU-1","name":"","vendor":"","driver_version":"","pci_bus_id":"","healthy":true,"problem":"","utilization":-1,"memory_utilization":-1,"graphics_clock_mhz":-1,"memory_clock_mhz":-1,"memory_total_mib":-1E0,"memory_used_mib":-1E0,"memory_free_mib":-1E0,"temperature":-1,"fan_speed":-1,"power_usage_mw":-1,"power_limit_mw":-1,"mig_parent":"","processes":[]}],"executors":[{"kind":"docker","available":true,"problem":"","warnings":[]}],"version":"","boot_id":"","state_id":"","address":""}',1,1,2,1);
CREATE TABLE event (
    id     INTEGER PRIMARY KEY,
    task   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    node   TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
INSERT INTO event VALUES(1,1,1764000000000000,'placed','node1','first fit');
CREATE TABLE task_count (                  -- how many tasks of a batch are in a state; batch 0: of all
    batch INTEGER NOT NULL,
    state TEXT NOT NULL,
    tasks INTEGER NOT NULL,
    PRIMARY KEY (batch, state)
) STRICT, WITHOUT ROWID;
INSERT INTO task_count VALUES(0,'completed',1);
INSERT INTO task_count VALUES(0,'failed',1);
INSERT INTO task_count VALUES(0,'pending',1);
INSERT INTO task_count VALUES(0,'running',1);
INSERT INTO task_count VALUES(1,'failed',1);
INSERT INTO task_count VALUES(1,'pending',1);
INSERT INTO task_count VALUES(1,'running',1);
INSERT INTO task_count VALUES(4,'completed',1);
CREATE TABLE counter (                     -- next_task: the first task id that was never saved
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES('next_task',5);
CREATE INDEX batch_by_user ON batch (submitted_by, id, total);
CREATE INDEX batch_by_container ON batch (container, id, total);
CREATE INDEX task_by_state ON task (state);
CREATE INDEX task_by_node ON task (node, state) WHERE node IS NOT NULL;
CREATE INDEX event_by_task ON event (task);
COMMIT;
PRAGMA user_version = 1;
