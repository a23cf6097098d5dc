#include "exec/fact_file.hpp"
#include "exec/spool.hpp"
#include "net/loop.hpp"
#include "support/executor_rig.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

using namespace hk;
using namespace hk::exec;
using hk::test::slurp;
using hk::test::TempDir;

namespace {

Assignment assignment(std::int64_t task, const std::string& command = "true") {
    auto spec = std::make_shared<TaskSpec>();
    spec->command = command;
    spec->arguments = {"a b", "line\nbreak", "\"quoted\"", "\xff\xfe", ""};
    spec->env = {{"A", "1\n2"}};
    spec->memory = Bytes{5};
    Assignment out;
    out.attempt = AttemptId{TaskId{task}, 2};
    out.spec = std::move(spec);
    out.placement.node = NodeName{"n1"};
    out.placement.gpus = {0, 3};
    return out;
}

Result<> put_one(Spool& spool, const Assignment& one) {
    const NewRecord record(one);
    return spool.put(std::span(&record, 1));
}

} // namespace

TEST_CASE("what is put comes back byte for byte, in another life as well") {
    const TempDir dir;
    std::string id;
    {
        auto spool = *Spool::open(dir.path() / "deep" / "state");
        id = spool.state_id();
        REQUIRE(spool.put(std::vector<NewRecord>{assignment(12), assignment(3)}));
        CHECK(spool.contains(AttemptId{TaskId{12}, 2}));
        CHECK(!spool.contains(AttemptId{TaskId{12}, 1}));
    }
    auto spool = *Spool::open(dir.path() / "deep" / "state");
    CHECK(spool.state_id() == id);
    CHECK(id.size() == 16);
    const auto found = spool.records();
    CHECK(found.problems.empty());
    REQUIRE(found.records.size() == 2);
    CHECK(found.records[0].assignment.attempt == AttemptId{TaskId{3}, 2});
    CHECK(*found.records[1].assignment.spec == *assignment(12).spec);
    CHECK(found.records[1].assignment.placement == assignment(12).placement);
    CHECK(found.records[1].facts.empty());
}

TEST_CASE("nobody else may look into the state directory") {
    const TempDir dir;
    auto spool = Spool::open(dir.path() / "state");
    REQUIRE(spool);
    REQUIRE(put_one(*spool, assignment(1)));
    struct stat found{};
    for (const auto& folder : {spool->state_dir(), spool->folder()}) {
        REQUIRE(::stat(folder.c_str(), &found) == 0);
        CHECK((found.st_mode & 0777) == 0700);
    }
    REQUIRE(::stat(spool->path_of(AttemptId{TaskId{1}, 2}).c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a record that is there already is kept with its facts") {
    const TempDir dir;
    auto spool = *Spool::open(dir.path());
    REQUIRE(put_one(spool, assignment(1, "first")));
    REQUIRE(spool.append(AttemptId{TaskId{1}, 2}, "started 5"));
    REQUIRE(spool.put(std::vector<NewRecord>{assignment(1, "second"), assignment(2)}));
    const auto found = spool.records();
    REQUIRE(found.records.size() == 2);
    CHECK(found.records[0].assignment.spec->command == "first");
    CHECK(found.records[0].facts == std::vector<std::string>{"started 5"});
}

TEST_CASE("damaged records are put aside and named; the rest is used") {
    const TempDir dir;
    auto spool = *Spool::open(dir.path());
    REQUIRE(spool.put(std::vector<NewRecord>{assignment(1), assignment(2)}));
    std::ofstream(spool.folder() / "3.1") << "{\"attempt\":\"3.1\""; // cut off
    std::ofstream(spool.folder() / "4.1") << "not json\n";
    std::ofstream(spool.folder() / "5.1") << slurp(spool.folder() / "1.2"); // of another attempt
    std::ofstream(spool.folder() / "6.1") << "";
    std::ofstream(spool.folder() / "notes.txt") << "not a record at all";
    const auto found = spool.records();
    CHECK(found.records.size() == 2);
    CHECK(found.problems.size() == 4);
    for (const char* name : {"3.1", "4.1", "5.1", "6.1"}) {
        CHECK(!std::filesystem::exists(spool.folder() / name));
        CHECK(std::filesystem::exists(spool.folder() / (std::string(name) + ".damaged")));
    }
    CHECK(spool.records().problems.empty()); // said once
}

TEST_CASE("what a crash left half written is swept away and half lines of facts are not handed out") {
    const TempDir dir;
    {
        auto spool = *Spool::open(dir.path());
        REQUIRE(put_one(spool, assignment(1)));
        std::ofstream(spool.folder() / ".new-2.1") << "{";
        std::ofstream(spool.folder() / "1.2", std::ios::app) << "started 5\nexited";
    }
    auto spool = *Spool::open(dir.path());
    CHECK(!std::filesystem::exists(spool.folder() / ".new-2.1"));
    CHECK(spool.records().records.at(0).facts == std::vector<std::string>{"started 5"});
    REQUIRE(spool.append(AttemptId{TaskId{1}, 2}, "gone 1 2")); // starts a line of its own
    CHECK(spool.records().records.at(0).facts == std::vector<std::string>{"started 5", "exited", "gone 1 2"});
}

TEST_CASE("facts are one line; without a record there is nothing to append to") {
    const TempDir dir;
    auto spool = *Spool::open(dir.path());
    const AttemptId id{TaskId{1}, 2};
    CHECK(spool.append(id, "x").error().code == Errc::not_found);
    REQUIRE(put_one(spool, assignment(1)));
    REQUIRE(spool.append(id, "warning two\nlines\r"));
    CHECK(spool.records().records.at(0).facts == std::vector<std::string>{"warning two lines "});
    CHECK(spool.sync(std::vector{id}));
    CHECK(!spool.sync(std::vector{AttemptId{TaskId{9}, 1}}));
    CHECK(spool.erase(id));
    CHECK(spool.erase(id));
    CHECK(spool.records().records.empty());
}

TEST_CASE("a batch that cannot be written leaves nothing") {
    const TempDir dir;
    auto spool = *Spool::open(dir.path());
    std::vector<NewRecord> many;
    for (int i = 1; i <= 600; ++i) many.push_back(assignment(i));
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few{64, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    const auto put = spool.put(many);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(!put);
    CHECK(std::filesystem::is_empty(spool.folder()));
    REQUIRE(spool.put(many));
    CHECK(spool.records().records.size() == 600);
}

TEST_CASE("a state directory that cannot be used is an error in words") {
    const TempDir dir;
    std::ofstream(dir.path() / "file").put('x');
    const auto spool = Spool::open(dir.path() / "file" / "state");
    REQUIRE(!spool);
    CHECK(spool.error().message.find("file/state") != std::string::npos);
}

// ------------------------------------------------------------------------------------------------ reading the facts

TEST_CASE("facts are read once, as complete lines, from the end of the assignment on") {
    const TempDir dir;
    auto spool = *Spool::open(dir.path());
    const AttemptId id{TaskId{1}, 2};
    REQUIRE(put_one(spool, assignment(9)));
    const auto plain = spool.path_of(AttemptId{TaskId{9}, 2});
    CHECK(*assignment_size(plain) == std::filesystem::file_size(plain));
    const NewRecord record(assignment(1, std::string(100'000, 'x')), ExecutorKind::systemd); // longer than one read
    REQUIRE(spool.put(std::span(&record, 1)));
    const auto untouched = std::filesystem::file_size(spool.path_of(id));
    CHECK(*assignment_size(spool.path_of(id)) == untouched); // who is to start it is no sign of a start
    FactReader reader(spool.path_of(id));
    CHECK(reader.read()->facts.empty());
    std::ofstream file(spool.path_of(id), std::ios::app);
    file << "started 5\nexi" << std::flush;
    CHECK(reader.read()->facts.size() == 1);
    CHECK(reader.read()->facts.empty());
    file << "ted 3 9\nnonsense\ngone 0 0\n" << std::flush;
    CHECK(reader.read()->facts.size() == 2);
    CHECK(*assignment_size(spool.path_of(id)) == untouched);
}

TEST_CASE("a record is read in bounded pieces, and a line without an end does not stop it") {
    const TempDir dir;
    auto spool = *Spool::open(dir.path());
    const AttemptId id{TaskId{1}, 2};
    REQUIRE(put_one(spool, assignment(1)));
    std::ofstream file(spool.path_of(id), std::ios::app);
    file << std::string(3 * max_fact_read, 'x') << "\nstarted 5\n" << std::flush;
    FactReader reader(spool.path_of(id));
    int reads = 0;
    std::size_t facts = 0;
    for (bool more = true; more; ++reads) {
        const auto news = reader.read();
        REQUIRE(news);
        more = news->more;
        facts += news->facts.size();
    }
    CHECK(reads > 2);
    CHECK(facts == 1);
    CHECK(!FactReader(spool.folder() / "9.9").read());
}

TEST_CASE("a follower hands out what is there and what comes, until it is told to stop") {
    const TempDir dir;
    net::Loop loop;
    auto spool = *Spool::open(dir.path());
    Ticker clock(loop, [] {});
    clock.run_every(std::chrono::milliseconds(10));
    std::map<AttemptId, int> seen;
    auto follower = *FactFollower::open(loop, spool, [&](AttemptId id, const Fact&) { ++seen[id]; });
    REQUIRE(spool.put(std::vector<NewRecord>{assignment(1), assignment(2), assignment(3)}));
    const AttemptId one{TaskId{1}, 2};
    const AttemptId two{TaskId{2}, 2};
    const AttemptId stranger{TaskId{3}, 2};
    REQUIRE(spool.append(one, "started 1"));
    follower->follow(one);
    follower->follow(one);
    follower->follow(two);
    CHECK(seen.empty()); // never from inside the call
    loop.run_until([&] { return seen[one] == 1; });
    REQUIRE(spool.append(stranger, "started 1"));
    REQUIRE(spool.append(two, "started 1"));
    REQUIRE(spool.append(one, "exited 0 2"));
    loop.run_until([&] { return seen[one] == 2 && seen[two] == 1; });
    follower->unfollow(two);
    REQUIRE(spool.append(two, "exited 0 2"));
    REQUIRE(spool.append(one, "gone 0 0"));
    loop.run_until([&] { return seen[one] == 3; });
    CHECK(seen[two] == 1);
    CHECK(!seen.contains(stranger));
    REQUIRE(spool.append(one, "warning x"));
    follower.reset(); // with news on its way
    int turns = 0;
    loop.run_until([&] { return ++turns > 5; });
    CHECK(seen[one] == 3);
}

TEST_CASE("more notifications than the kernel keeps are made up for") {
    std::ifstream limit_file("/proc/sys/fs/inotify/max_queued_events");
    int limit = 0;
    limit_file >> limit;
    if (limit <= 0 || limit > 100'000) {
        MESSAGE("SKIPPED: the kernel keeps too many notifications for a test");
        return;
    }
    const TempDir dir;
    net::Loop loop;
    auto spool = *Spool::open(dir.path());
    std::map<AttemptId, int> seen;
    auto follower = *FactFollower::open(loop, spool, [&](AttemptId id, const Fact&) { ++seen[id]; });
    REQUIRE(spool.put(std::vector<NewRecord>{assignment(1), assignment(2), assignment(3)}));
    const std::vector<AttemptId> ids{{TaskId{1}, 2}, {TaskId{2}, 2}, {TaskId{3}, 2}};
    for (const auto id : ids) follower->follow(id);
    const Fd one(::open(spool.path_of(ids[0]).c_str(), O_WRONLY | O_APPEND));
    const Fd two(::open(spool.path_of(ids[1]).c_str(), O_WRONLY | O_APPEND));
    for (int i = 0; i < limit; ++i) // in turns, since equal ones after each other become one
        REQUIRE(::write((i % 2 == 0 ? one : two).get(), "\n", 1) == 1);
    REQUIRE(spool.append(ids[2], "started 1")); // its notification is lost
    loop.run_until([&] { return seen[ids[2]] == 1; });
    CHECK(seen[ids[0]] == 0);
}
