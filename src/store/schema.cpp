#include "store/schema.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace hk::store {
namespace {

// Append only: a step that was released never changes. `user_version` is the number of steps that
// were taken. What is looked for, sorted by or counted has a column; the rest of a record is JSON.
constexpr std::array migrations{
    R"sql(
CREATE TABLE batch (
    id           INTEGER PRIMARY KEY,
    submitted_at INTEGER NOT NULL,         -- microseconds since 1970, as all times here
    total        INTEGER NOT NULL,
    submitted_by TEXT NOT NULL,
    container    TEXT NOT NULL,            -- '': directly on the node
    line         TEXT NOT NULL,            -- command and arguments, what a search looks at
    spec         TEXT NOT NULL             -- JSON
) STRICT;
-- id and total so that a list and its total are read from the index alone
CREATE INDEX batch_by_user ON batch (submitted_by, id, total);
CREATE INDEX batch_by_container ON batch (container, id, total);

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
CREATE INDEX task_by_state ON task (state);
CREATE INDEX task_by_node ON task (node, state) WHERE node IS NOT NULL;

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

CREATE TABLE node (
    name       TEXT PRIMARY KEY,
    inventory  TEXT NOT NULL,              -- JSON
    drained    INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    removed    INTEGER NOT NULL
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

CREATE TABLE task_count (                  -- how many tasks of a batch are in a state; batch 0: of all
    batch INTEGER NOT NULL,
    state TEXT NOT NULL,
    tasks INTEGER NOT NULL,
    PRIMARY KEY (batch, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (                     -- next_task: the first task id that was never saved
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('next_task', 1);
)sql",
};

Result<> take_step(Database& database, std::size_t step) {
    HK_TRY(Transaction transaction, Transaction::begin(database));
    HK_CHECK(database.execute(migrations[step]));
    HK_CHECK(database.execute("PRAGMA user_version = " + std::to_string(step + 1)));
    return transaction.commit();
}

Result<std::string> first_problem(Database& database) {
    HK_TRY(auto* check, database.statement("PRAGMA quick_check(1)"));
    const Use use(*check);
    HK_TRY(const bool row, use->step());
    return row ? std::string(use->text(0)) : std::string("no answer");
}

/// The message of a failed open, in words for the user.
Error explained(const std::filesystem::path& file, Error error) {
    if (error.code != Errc::corrupt) return error;
    error.message = "the database " + file.string() + " is damaged (" + error.message +
                    "); put a backup in its place, or move it away to start with an empty one";
    return error;
}

/// SQLite gives its other files the mode of this one.
Result<> create_private(const std::filesystem::path& file) {
    const Fd created(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (created) return {};
    const int error = errno;
    if (error != EEXIST) return fail(system_error("cannot create the database " + file.string(), error));
    struct stat found{};
    if (::stat(file.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 0)
        return fail(Errc::corrupt, "the database " + file.string() +
                                       " is an empty file, so its contents are lost; put a backup "
                                       "in its place, or delete it to start with an empty one");
    return {};
}

} // namespace

int schema_version() { return static_cast<int>(migrations.size()); }

Result<> migrate(Database& database) {
    HK_TRY(const auto version, database.number("PRAGMA user_version"));
    if (version < 0 || version > schema_version())
        return fail(Errc::unsupported, "the database " + database.file().string() +
                                           " was written by a newer version of HakuRiver (schema " +
                                           std::to_string(version) + ", this one knows " +
                                           std::to_string(schema_version()) +
                                           "); install that version again or use another database");
    for (auto step = static_cast<std::size_t>(version); step < migrations.size(); ++step)
        HK_CHECK(take_step(database, step));
    return {};
}

Result<> check_integrity(Database& database) {
    const auto problem = first_problem(database);
    if (!problem) return fail(problem.error());
    if (*problem == "ok") return {};
    return fail(Errc::corrupt, *problem);
}

Result<Fd> lock_database(const std::filesystem::path& file) {
    const std::string name = file.string() + ".lock";
    Fd lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock) return fail(system_error("cannot open " + name, errno));
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    const int error = errno;
    if (error == EWOULDBLOCK)
        return fail(Errc::conflict, "another Host is using the database " + file.string() +
                                        "; stop it first, or give this one a database of its own (database.db_file)");
    return fail(system_error("cannot lock " + name, error));
}

Result<Database> open_for_writing(const std::filesystem::path& file) {
    HK_CHECK(create_private(file));
    auto database = Database::open(file, Database::Mode::write);
    if (!database) return fail(explained(file, std::move(database.error())));
    if (auto checked = check_integrity(*database); !checked) return fail(explained(file, std::move(checked.error())));
    HK_CHECK(migrate(*database));
    return database;
}

} // namespace hk::store
