#include "keeper/request.hpp"

#include <cstdlib>
#include <cstring>

namespace hk::keeper {
namespace {

struct Field {
    Tag tag;
    char* bytes;
    std::size_t length;

    bool is_text() const { return length > 0 && bytes[length - 1] == '\0'; }
    template <class T>
    bool copy_to(T& out) const {
        if (length != sizeof out) return false;
        std::memcpy(&out, bytes, sizeof out);
        return true;
    }
};

/// Fields start at multiples of 8, so that the structs in them may be read in place.
constexpr std::size_t padded(std::size_t length) { return (length + 7) & ~std::size_t{7}; }

bool next_field(char*& at, const char* end, Field& out) {
    FieldHead head{};
    if (static_cast<std::size_t>(end - at) < sizeof head) return false;
    std::memcpy(&head, at, sizeof head);
    const auto room = static_cast<std::size_t>(end - at) - sizeof head;
    if (head.length > room || padded(head.length) > room) return false;
    out = Field{head.tag, at + sizeof head, head.length};
    at += sizeof head + padded(head.length);
    return true;
}

bool take_text(const Field& field, const char*& out) {
    if (!field.is_text()) return false;
    out = field.bytes;
    return true;
}

bool take_cgroup(const Field& field, Request& out) {
    if (out.cgroup_count == max_cgroups) return false;
    return take_text(field, out.cgroups[out.cgroup_count++]);
}

bool take_limit(const Field& field, Request& out) {
    if (out.limit_count == max_limits) return false;
    return field.copy_to(out.limits[out.limit_count++]);
}

bool take_groups(const Field& field, Request& out) {
    out.groups = reinterpret_cast<const std::uint32_t*>(field.bytes);
    out.group_count = field.length / sizeof *out.groups;
    return field.length % sizeof *out.groups == 0;
}

bool take_nice(const Field& field, Request& out) {
    std::int32_t value = 0;
    out.has_nice = field.copy_to(value);
    out.nice = value;
    return out.has_nice;
}

struct Counts {
    std::size_t arguments = 0;
    std::size_t environment = 0;
};

bool take(const Field& field, Request& out, Counts& counts) {
    switch (field.tag) {
    case Tag::argument: out.argv[counts.arguments++] = field.bytes; return field.is_text();
    case Tag::environment: out.env[counts.environment++] = field.bytes; return field.is_text();
    case Tag::directory: return take_text(field, out.directory);
    case Tag::output: return take_text(field, out.output);
    case Tag::errors: return take_text(field, out.errors);
    case Tag::cgroup: return take_cgroup(field, out);
    case Tag::cgroup_kill: return take_text(field, out.cgroup_kill);
    case Tag::cpus:
        out.cpus = reinterpret_cast<const cpu_set_t*>(field.bytes);
        return field.length == sizeof(cpu_set_t);
    case Tag::memory_nodes: return field.copy_to(out.memory_nodes);
    case Tag::user: out.has_user = true; return field.copy_to(out.user);
    case Tag::groups: return take_groups(field, out);
    case Tag::nice: return take_nice(field, out);
    case Tag::limit: return take_limit(field, out);
    case Tag::no_new_privileges: out.no_new_privileges = true; return true;
    case Tag::make_directory: out.make_directory = true; return true;
    }
    return false;
}

/// How many fields have each of the repeated tags; false when the framing is broken.
bool count(char* at, const char* end, Counts& out) {
    while (at != end) {
        Field field{};
        if (!next_field(at, end, field)) return false;
        if (field.tag == Tag::argument) ++out.arguments;
        if (field.tag == Tag::environment) ++out.environment;
    }
    return true;
}

char** pointer_array(std::size_t count) { return static_cast<char**>(std::calloc(count + 1, sizeof(char*))); }

} // namespace

const char* decode(char* fields, std::size_t size, Request& out) {
    const char* end = fields + size;
    Counts room;
    if (!count(fields, end, room)) return "the start message is damaged";
    if (room.arguments == 0) return "the start message names no program";
    out.argv = pointer_array(room.arguments);
    out.env = pointer_array(room.environment);
    if (out.argv == nullptr || out.env == nullptr) return "out of memory";
    Counts taken;
    Field field{};
    while (next_field(fields, end, field)) {
        if (!take(field, out, taken)) return "the start message has a field of the wrong form";
    }
    return nullptr;
}

} // namespace hk::keeper
