#include "exec/spool.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "exec/facts.hpp"
#include "json/model_codec.hpp"
#include "json/own_text.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::exec {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_prefix = ".new-";
constexpr std::string_view damaged_suffix = ".damaged";
/// So many files are open at once while a batch is being made durable.
constexpr std::size_t batch_size = 256;

Result<> write_fully(int fd, std::string_view text, const std::string& name) {
    while (!text.empty()) {
        const ssize_t done = ::write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return fail(system_error("cannot write " + name, errno));
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

Result<> make_private_folder(const fs::path& folder) {
    std::error_code failed;
    fs::create_directories(folder.parent_path(), failed);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(system_error("cannot create " + folder.string(), errno));
    return {};
}

Result<std::string> read_or_make_id(const fs::path& path) {
    auto found = read_file(path, 256);
    if (!found && found.error().code != Errc::not_found) return found;
    std::string id = found ? *found : "";
    while (!id.empty() && id.back() == '\n') id.pop_back();
    if (!id.empty()) return id;
    id = random_hex(8);
    HK_CHECK(write_file_atomically(path, id + "\n", 0600));
    return id;
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folder, failed)) names.push_back(entry.path().filename().string());
    return names;
}

/// Commands are bytes: what a client could not have sent as JSON still comes back as it was written.
Result<Assignment> parse_assignment(std::string_view line) {
    HK_TRY(const auto value, json::parse_own(line));
    return json::to_assignment(value);
}

Result<SpoolRecord> parse_record(std::string_view text, AttemptId attempt) {
    const auto end = text.find('\n');
    if (end == text.npos) return fail(Errc::corrupt, "its first line is cut off");
    SpoolRecord record;
    HK_TRY(record.assignment, parse_assignment(text.substr(0, end)));
    if (record.assignment.attempt != attempt)
        return fail(Errc::corrupt, "it is about another attempt than its name says");
    for (std::size_t at = end + 1; at < text.size();) {
        const auto next = text.find('\n', at);
        if (next == text.npos) break;
        if (next > at) record.facts.emplace_back(text.substr(at, next - at));
        at = next + 1;
    }
    return record;
}

std::string beginning(const NewRecord& record) {
    std::string text = json::serialize(json::to_value(record.assignment)) + "\n";
    if (record.executor) text.append(executor_fact).append(to_string(*record.executor)).append("\n");
    return text;
}

/// Files that become records together.
class Batch {
public:
    explicit Batch(int folder)
        : folder_(folder) {}
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() {
        if (committed_) return;
        for (const auto& file : files_) ::unlinkat(folder_, (file.renamed ? file.name : file.temporary()).c_str(), 0);
    }

    Result<> add(const NewRecord& record) {
        File& file = files_.emplace_back(File{to_string(record.assignment.attempt), {}, false});
        const std::string name = file.temporary();
        file.fd = Fd(::openat(folder_, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file.fd) return fail(system_error("cannot create a spool record", errno));
        return write_fully(file.fd.get(), beginning(record), "a spool record");
    }
    /// All data first, then all names: the first flush carries most of the others.
    Result<> commit() {
        for (auto& file : files_) {
            if (::fsync(file.fd.get()) != 0) return fail(system_error("cannot write a spool record", errno));
            file.fd = Fd();
        }
        for (auto& file : files_) {
            if (::renameat(folder_, file.temporary().c_str(), folder_, file.name.c_str()) != 0)
                return fail(system_error("cannot name a spool record", errno));
            file.renamed = true;
        }
        if (::fsync(folder_) != 0) return fail(system_error("cannot write the spool folder", errno));
        committed_ = true;
        return {};
    }

private:
    struct File {
        std::string name;
        Fd fd;
        bool renamed = false;
        std::string temporary() const { return std::string(temporary_prefix) + name; }
    };
    int folder_;
    std::vector<File> files_;
    bool committed_ = false;
};

Result<> put_batch(int folder, std::span<const NewRecord> records) {
    Batch batch(folder);
    for (const auto& record : records) HK_CHECK(batch.add(record));
    return batch.commit();
}

char last_byte(int fd, off_t size) {
    char last = '\n';
    return size > 0 && ::pread(fd, &last, 1, size - 1) == 1 ? last : '\n';
}

} // namespace

Spool::Spool(fs::path state_dir, std::string state_id, Fd directory)
    : state_dir_(std::move(state_dir))
    , folder_(state_dir_ / "spool")
    , state_id_(std::move(state_id))
    , directory_(std::move(directory)) {}

Result<Spool> Spool::open(const fs::path& state_dir) {
    std::error_code failed;
    const fs::path place = fs::absolute(state_dir, failed);
    const fs::path folder = place / "spool";
    HK_CHECK(make_private_folder(place));
    HK_CHECK(make_private_folder(folder));
    HK_TRY(std::string state_id, read_or_make_id(place / "state_id"));
    Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail(system_error("cannot open " + folder.string(), errno));
    for (const auto& name : names_in(folder))
        if (name.starts_with(temporary_prefix)) ::unlinkat(directory.get(), name.c_str(), 0);
    return Spool(place, std::move(state_id), std::move(directory));
}

fs::path Spool::path_of(AttemptId attempt) const { return folder_ / to_string(attempt); }

bool Spool::contains(AttemptId attempt) const {
    return ::faccessat(directory_.get(), to_string(attempt).c_str(), F_OK, 0) == 0;
}

Result<> Spool::put(std::span<const NewRecord> records) {
    std::vector<NewRecord> fresh;
    for (const auto& record : records)
        if (!contains(record.assignment.attempt)) fresh.push_back(record);
    std::size_t done = 0;
    for (Result<> put; done < fresh.size(); done += batch_size) {
        put = put_batch(directory_.get(), std::span(fresh).subspan(done, std::min(batch_size, fresh.size() - done)));
        if (put) continue;
        for (std::size_t i = 0; i < done; ++i)
            ::unlinkat(directory_.get(), to_string(fresh[i].assignment.attempt).c_str(), 0);
        return put;
    }
    return {};
}

SpoolContents Spool::records() {
    SpoolContents contents;
    for (const auto& name : names_in(folder_)) {
        const auto attempt = parse_attempt_id(name);
        if (!attempt) continue;
        const auto text = read_file(folder_ / name, max_record);
        auto record = text ? parse_record(*text, *attempt) : Result<SpoolRecord>(fail(text.error()));
        if (record) {
            contents.records.push_back(std::move(*record));
            continue;
        }
        const std::string aside = name + std::string(damaged_suffix);
        ::renameat(directory_.get(), name.c_str(), directory_.get(), aside.c_str());
        contents.problems.push_back("the spool record " + name + " is damaged (" + record.error().message +
                                    "); it is kept as " + (folder_ / aside).string());
    }
    std::ranges::sort(contents.records, {}, [](const SpoolRecord& record) { return record.assignment.attempt; });
    return contents;
}

Result<> Spool::append(AttemptId attempt, std::string_view fact) {
    const std::string name = to_string(attempt);
    const Fd fd(::openat(directory_.get(), name.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
    if (!fd && errno == ENOENT) return fail(Errc::not_found, "there is no spool record of attempt " + name);
    struct stat now{};
    if (!fd || ::fstat(fd.get(), &now) != 0) return fail(system_error("cannot open the spool record " + name, errno));
    std::string line(fact);
    std::ranges::replace(line, '\n', ' ');
    std::ranges::replace(line, '\r', ' ');
    if (last_byte(fd.get(), now.st_size) != '\n') line.insert(line.begin(), '\n'); // after a line that was cut off
    return write_fully(fd.get(), line + "\n", "the spool record " + name);
}

Result<> Spool::sync(std::span<const AttemptId> attempts) {
    Result<> all;
    for (const auto attempt : attempts) {
        const std::string name = to_string(attempt);
        const Fd fd(::openat(directory_.get(), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        if ((!fd || ::fdatasync(fd.get()) != 0) && all)
            all = fail(system_error("cannot write the spool record " + name, errno));
    }
    return all;
}

Result<> Spool::erase(AttemptId attempt) {
    const std::string name = to_string(attempt);
    if (::unlinkat(directory_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        return fail(system_error("cannot remove the spool record " + name, errno));
    return {};
}

} // namespace hk::exec
