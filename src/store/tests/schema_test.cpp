#include "store/schema.hpp"

#include "store/tests/store_support.hpp"
#include "support/golden.hpp"

#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace hk;
using namespace hk::store;
using namespace hk::store::test;

std::string schema_of(Database& database) {
    Statement* query = value(database.statement("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"));
    const Use use(*query);
    std::string text;
    while (value(use->step())) text += std::string(use->text(0)) + ";\n\n";
    return text;
}

void overwrite(const std::filesystem::path& file, std::streamoff at, const std::string& bytes) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    stream.write(bytes.data(), std::ssize(bytes));
    REQUIRE(stream.good());
}

Error open_error(const std::filesystem::path& file) {
    auto writer = Writer::open(file);
    REQUIRE_FALSE(writer.has_value());
    return writer.error();
}

} // namespace

TEST_CASE("the schema is kept as a file") {
    const TempFolder folder;
    Database database = value(open_for_writing(folder.file()));
    CHECK(value(database.number("PRAGMA user_version")) == schema_version());
    check_golden("db/schema.sql", schema_of(database));
}

TEST_CASE("a database of every released schema is brought up to date with its data") {
    for (int version = 1; version <= schema_version(); ++version) {
        CAPTURE(version);
        const TempFolder folder;
        const auto kept = std::filesystem::path(HK_TEST_DATA) / "db" / ("v" + std::to_string(version) + ".sql");
        {
            Database old = value(Database::open(folder.file(), Database::Mode::write));
            REQUIRE(old.execute(value(read_file(kept))));
        }
        const auto writer = value(Writer::open(folder.file()));
        Reader reader = value(Reader::open(folder.file()));
        const Active active = value(reader.load_active());
        REQUIRE(active.tasks.size() == 2);
        CHECK(active.next_task == TaskId(5));
        CHECK(active.tasks[0].spec->command == "python");
        CHECK(active.tasks[0].spec->arguments == std::vector<std::string>{"train.py", "--name", "ünï \"q\""});
        CHECK(active.tasks[0].state == TaskState::running);
        CHECK(active.tasks[0].placement == Placement{NodeName("node1"), 0, {0, 1}});
        CHECK(active.attempts.size() == 1);
        CHECK(active.nodes.size() == 1);
        CHECK(active.nodes[0].inventory.cores == 16);
        const TaskRecord done = value(reader.task(TaskId(1)));
        CHECK(done.outcome->exit_code == 3);
        CHECK(done.outcome->peak_memory == Bytes{123456});
        CHECK(done.warnings == std::vector<std::string>{"no limit"});
        CHECK(value(reader.events(TaskId(1))).size() == 1);
        CHECK(value(reader.list_tasks({.user = "ann"})).total == 3);
        CHECK(value(reader.list_tasks({.states = {TaskState::failed}})).total == 1);
        CHECK(commit(*writer, submission(5, 1, spec_of("true"))));
    }
}

TEST_CASE("a database of a newer program is refused and left alone") {
    const TempFolder folder;
    {
        Database database = value(open_for_writing(folder.file()));
        REQUIRE(database.execute("PRAGMA user_version = 99"));
    }
    const Error error = open_error(folder.file());
    CHECK(error.code == Errc::unsupported);
    CHECK(error.message.contains("newer version"));
    Database database = value(Database::open(folder.file(), Database::Mode::write));
    CHECK(value(database.number("PRAGMA user_version")) == 99);
    CHECK(Reader::open(folder.file()).error().code == Errc::unsupported);
}

TEST_CASE("a second Host on the same database is refused, also from another process") {
    const TempFolder folder;
    auto writer = value(Writer::open(folder.file()));
    const Error error = open_error(folder.file());
    CHECK(error.code == Errc::conflict);
    CHECK(error.message.contains("another Host"));
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lock = lock_database(folder.file());
        ::_exit(!lock && lock.error().code == Errc::conflict ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    writer.reset();
    CHECK(Writer::open(folder.file()).has_value());
}

TEST_CASE("only the Host's user may read the database") {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.path() / "made/on/the/way.db"));
    CHECK(commit(*writer, submission(1, 1, spec_of("true"))));
    for (const char* name : {"way.db", "way.db-wal", "way.db-shm", "way.db.lock"}) {
        struct stat found{};
        REQUIRE(::stat((folder.path() / "made/on/the" / name).c_str(), &found) == 0);
        CHECK((found.st_mode & 0777) == 0600);
    }
}

TEST_CASE("damage is noticed when the database is opened, and the sentence says what to do") {
    const TempFolder folder;
    {
        const auto writer = value(Writer::open(folder.file()));
        REQUIRE(commit(*writer, submission(1, 2000, spec_of("true"))));
    }
    SUBCASE("pages overwritten") {
        const auto size = static_cast<std::streamoff>(std::filesystem::file_size(folder.file()));
        for (std::streamoff at = 4096; at < size; at += 4096) overwrite(folder.file(), at, std::string(64, '\x5a'));
    }
    SUBCASE("header overwritten") { overwrite(folder.file(), 0, std::string(100, 'x')); }
    SUBCASE("half of a copy") { std::filesystem::resize_file(folder.file(), 3 * 4096); }
    SUBCASE("another kind of file") { std::ofstream(folder.file()) << std::string(5000, 'a'); }
    const Error error = open_error(folder.file());
    CHECK(error.code == Errc::corrupt);
    CHECK(error.message.contains("is damaged"));
    CHECK(error.message.contains("backup"));
}

TEST_CASE("an emptied file is not taken for a new database") {
    const TempFolder folder;
    std::ofstream(folder.file()).flush();
    const Error error = open_error(folder.file());
    CHECK(error.code == Errc::corrupt);
    CHECK(error.message.contains("empty file"));
}

TEST_CASE("a value that makes no sense is corrupt, not a crash") {
    const TempFolder folder;
    {
        Database database = value(open_for_writing(folder.file()));
        const std::vector<Write> writes = submission(1, 3, spec_of("true"));
        REQUIRE(hk::store::apply(database, writes));
        REQUIRE(database.execute("UPDATE task SET state = 'dancing' WHERE id = 1;"
                                 "UPDATE task SET node = 'n', gpus = '1,x' WHERE id = 2;"
                                 "UPDATE task SET outcome = '{\"reason\":' WHERE id = 3"));
    }
    const auto writer = value(Writer::open(folder.file()));
    Reader reader = value(Reader::open(folder.file()));
    CHECK(reader.task(TaskId(1)).error().code == Errc::corrupt);
    CHECK(reader.task(TaskId(2)).error().code == Errc::corrupt);
    CHECK_FALSE(reader.task(TaskId(3)));
}

TEST_CASE("a reader cannot write, and a database that is not there is not made by reading") {
    const TempFolder folder;
    CHECK_FALSE(Reader::open(folder.file()));
    CHECK_FALSE(std::filesystem::exists(folder.file()));
    const auto writer = value(Writer::open(folder.file()));
    Database reading = value(Database::open(folder.file(), Database::Mode::read));
    CHECK_FALSE(reading.execute("DELETE FROM task"));
    CHECK_FALSE(reading.execute("PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM batch"));
}

TEST_CASE("nothing is created where nothing can be") {
    CHECK(open_error("/proc/nowhere/cluster.db").message.contains("/proc/nowhere"));
    const TempFolder folder;
    std::filesystem::create_directory(folder.file());
    CHECK_FALSE(Writer::open(folder.file()));
}
