#include "exec/start_message.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

namespace hk::exec {
namespace {

constexpr std::size_t max_groups = 1024;
constexpr int max_memory_node = 63;

/// Writes fields; a text with a zero byte in it spoils the message.
class Fields {
public:
    void bytes(keeper::Tag tag, const void* data, std::size_t size) {
        const keeper::FieldHead head{tag, static_cast<std::uint32_t>(size)};
        out_.append(reinterpret_cast<const char*>(&head), sizeof head);
        out_.append(static_cast<const char*>(data), size);
        out_.resize((out_.size() + 7) & ~std::size_t{7});
    }
    void text(keeper::Tag tag, const std::string& value) {
        sound_ = sound_ && value.find('\0') == value.npos;
        bytes(tag, value.c_str(), value.size() + 1);
    }
    void text_if(keeper::Tag tag, const std::string& value) {
        if (!value.empty()) text(tag, value);
    }
    bool sound() const { return sound_; }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
    bool sound_ = true;
};

void add_cpus(Fields& out, const std::vector<int>& cpus) {
    if (cpus.empty()) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus)
        if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &set);
    out.bytes(keeper::Tag::cpus, &set, sizeof set);
}

void add_memory_node(Fields& out, std::optional<int> node) {
    if (!node || *node < 0 || *node > max_memory_node) return;
    const std::uint64_t mask = std::uint64_t{1} << *node;
    out.bytes(keeper::Tag::memory_nodes, &mask, sizeof mask);
}

void add_user(Fields& out, const std::optional<TaskUser>& user) {
    if (!user) return;
    const keeper::User ids{user->uid, user->gid};
    out.bytes(keeper::Tag::user, &ids, sizeof ids);
    out.bytes(keeper::Tag::groups, user->groups.data(), user->groups.size() * sizeof(std::uint32_t));
}

Fields fields_of(const StartRequest& request) {
    Fields out;
    for (const auto& word : request.command) out.text(keeper::Tag::argument, word);
    for (const auto& [name, value] : request.environment) out.text(keeper::Tag::environment, name + "=" + value);
    out.text_if(keeper::Tag::directory, request.directory);
    if (request.make_directory) out.bytes(keeper::Tag::make_directory, nullptr, 0);
    out.text_if(keeper::Tag::output, request.output);
    out.text_if(keeper::Tag::errors, request.errors);
    for (const auto& file : request.cgroups) out.text(keeper::Tag::cgroup, file.string());
    out.text_if(keeper::Tag::cgroup_kill, request.cgroup_kill.string());
    add_cpus(out, request.cpus);
    add_memory_node(out, request.memory_node);
    add_user(out, request.user);
    return out;
}

Result<Fd> in_memfd(const std::string& text) {
    Fd fd(::memfd_create("hakuriver-start", MFD_CLOEXEC));
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return fail(system_error("cannot hand a long command to the keeper", errno));
    return fd;
}

} // namespace

Result<StartMessage> encode_start(const StartRequest& request) {
    Fields fields = fields_of(request);
    if (!fields.sound())
        return fail(Errc::invalid, "the command, its arguments and its environment cannot contain a zero byte");
    std::string body = fields.take();
    if (body.size() > keeper::max_message)
        return fail(Errc::too_large, "the command and its environment are larger than " +
                                         std::to_string(keeper::max_message / 1024) + " KiB together");
    keeper::Header header;
    header.record_size = request.record_size;
    const std::string name = to_string(request.attempt);
    std::memcpy(header.attempt, name.c_str(), std::min(name.size(), keeper::max_attempt_name));
    StartMessage message;
    header.in_memfd = body.size() + sizeof header > keeper::max_inline ? 1 : 0;
    message.bytes.assign(reinterpret_cast<const char*>(&header), sizeof header);
    if (header.in_memfd == 0) message.bytes += body;
    else if (auto file = in_memfd(body); file) message.memfd = std::move(*file);
    else return fail(file.error());
    return message;
}

Result<TaskUser> find_user(const std::string& name) {
    std::array<char, 16 * 1024> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (error != 0) return fail(system_error("cannot look up the user " + name, error));
    if (found == nullptr) return fail(Errc::not_found, "there is no user " + name + " on this machine");
    TaskUser user{entry.pw_uid, entry.pw_gid, {}, name, entry.pw_dir, entry.pw_shell};
    std::array<gid_t, max_groups> groups{};
    int count = static_cast<int>(groups.size());
    if (::getgrouplist(name.c_str(), entry.pw_gid, groups.data(), &count) < 0) count = 1;
    user.groups.assign(groups.begin(), groups.begin() + count);
    return user;
}

} // namespace hk::exec
