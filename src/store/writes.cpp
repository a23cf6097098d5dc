#include "store/writes.hpp"

#include "store/rows.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace hk::store {
namespace {

/// A search looks at no more of a command line than this.
constexpr std::size_t longest_searched_line = 16'384;

/// NULL for an empty text: columns that are rarely set then take no room.
Statement& bind_or_null(Statement& statement, const std::string& text) {
    return text.empty() ? statement.bind_null() : statement.bind(text);
}

std::optional<std::int64_t> micros(const std::optional<Time>& time) {
    return time ? std::optional(to_micros(*time)) : std::nullopt;
}

std::string searched_line(const TaskSpec& spec) {
    std::string line = spec.command;
    for (const auto& argument : spec.arguments) {
        if (line.size() >= longest_searched_line) break;
        line += ' ';
        line += argument;
    }
    line.resize(std::min(line.size(), longest_searched_line));
    return line;
}

/// One pass over the changes of a transaction. Counts are summed up and written once at the end.
class Applier {
public:
    explicit Applier(Database& database)
        : database_(database) {}

    Result<> run(std::span<const Write> writes) {
        HK_TRY(first_free_, database_.number("SELECT value FROM counter WHERE name = 'next_task'"));
        const auto free_before = first_free_;
        for (const Write& write : writes)
            HK_CHECK(std::visit([this](const auto& change) { return save(change); }, write));
        HK_CHECK(write_counts());
        return first_free_ == free_before ? Result<>() : write_first_free();
    }

private:
    Result<> save(const SaveBatch& write) {
        const BatchRecord& batch = write.batch;
        if (batch.spec == nullptr) return fail(Errc::internal, "a batch without a specification");
        const std::string line = searched_line(*batch.spec);
        const std::string spec = spec_text(*batch.spec);
        HK_TRY(auto* insert, database_.statement("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) "
                                                 "DO UPDATE SET submitted_at = excluded.submitted_at, total = "
                                                 "excluded.total, submitted_by = excluded.submitted_by, container = "
                                                 "excluded.container, line = excluded.line, spec = excluded.spec"));
        const std::string container = batch.spec->container.value_or("");
        insert->bind(batch.id.value).bind(to_micros(batch.submitted_at)).bind(batch.total);
        insert->bind(batch.spec->submitted_by).bind(container).bind(line).bind(spec);
        return insert->run();
    }

    Result<> save(const SaveTask& write) {
        const TaskRecord& task = write.task;
        HK_CHECK(count(task));
        HK_TRY(auto* insert,
               database_.statement("INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON "
                                   "CONFLICT (id) DO UPDATE SET batch = excluded.batch, number = excluded.number, "
                                   "target = excluded.target, state = excluded.state, attempt = excluded.attempt, "
                                   "kill_requested = excluded.kill_requested, node = excluded.node, numa = "
                                   "excluded.numa, gpus = excluded.gpus, started_at = excluded.started_at, "
                                   "completed_at = excluded.completed_at, environment_version = "
                                   "excluded.environment_version, warnings = excluded.warnings, outcome = "
                                   "excluded.outcome"));
        const std::string target = to_string(task.target);
        const std::string gpus = task.placement ? gpus_text(task.placement->gpus) : std::string();
        const std::string warnings = warnings_text(task.warnings);
        const std::string outcome = outcome_text(task.outcome);
        insert->bind(task.id.value).bind(task.batch.value).bind(task.index).bind(target).bind(to_string(task.state));
        insert->bind(task.attempt).bind(task.kill_requested);
        if (task.placement) insert->bind(task.placement->node.value).bind(task.placement->numa).bind(gpus);
        else insert->bind_null().bind_null().bind_null();
        insert->bind(micros(task.started_at)).bind(micros(task.completed_at));
        bind_or_null(*insert, task.environment_version);
        bind_or_null(*insert, warnings);
        bind_or_null(*insert, outcome);
        return insert->run();
    }

    Result<> save(const SaveAttempt& write) {
        const AttemptRecord& attempt = write.attempt;
        HK_TRY(auto* insert,
               database_.statement("INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task, "
                                   "number) DO UPDATE SET node = excluded.node, numa = excluded.numa, gpus = "
                                   "excluded.gpus, state = excluded.state, assigned_at = excluded.assigned_at, "
                                   "started_at = excluded.started_at, outcome = excluded.outcome"));
        const std::string gpus = gpus_text(attempt.placement.gpus);
        const std::string outcome = outcome_text(attempt.outcome);
        insert->bind(attempt.id.task.value).bind(attempt.id.number).bind(attempt.placement.node.value);
        insert->bind(attempt.placement.numa).bind(gpus).bind(to_string(attempt.state));
        insert->bind(to_micros(attempt.assigned_at)).bind(micros(attempt.started_at));
        bind_or_null(*insert, outcome);
        return insert->run();
    }

    Result<> save(const SaveNode& write) {
        const NodeRecord& node = write.node;
        HK_TRY(auto* insert,
               database_.statement("INSERT INTO node VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                                   "inventory = excluded.inventory, drained = excluded.drained, first_seen = "
                                   "excluded.first_seen, last_seen = excluded.last_seen, removed = excluded.removed"));
        const std::string inventory = inventory_text(node.inventory);
        insert->bind(node.name.value).bind(inventory).bind(node.drained);
        insert->bind(to_micros(node.first_seen)).bind(to_micros(node.last_seen)).bind(node.removed);
        return insert->run();
    }

    Result<> save(const RemoveNode& write) {
        HK_TRY(auto* update, database_.statement("UPDATE node SET removed = 1 WHERE name = ?"));
        update->bind(write.node.value);
        return update->run();
    }

    Result<> save(const AddEvent& write) {
        const EventRecord& event = write.event;
        HK_TRY(auto* insert,
               database_.statement("INSERT INTO event (task, at, kind, node, detail) VALUES (?, ?, ?, ?, ?)"));
        insert->bind(event.task.value).bind(to_micros(event.at));
        insert->bind(event.kind).bind(event.node).bind(event.detail);
        return insert->run();
    }

    /// Notes the change of state. A task whose id was never given cannot be there yet, which saves
    /// the look.
    Result<> count(const TaskRecord& task) {
        if (task.id.value < first_free_) {
            HK_TRY(auto* find, database_.statement("SELECT state FROM task WHERE id = ?"));
            const Use use(*find);
            use->bind(task.id.value);
            HK_TRY(const bool there, use->step());
            if (there) {
                HK_TRY(const TaskState before, state_from(use->text(0)));
                if (before == task.state) return {};
                add(task.batch, before, -1);
            }
        }
        first_free_ = std::max(first_free_, task.id.value + 1);
        add(task.batch, task.state, 1);
        return {};
    }

    void add(BatchId batch, TaskState state, std::int64_t tasks) {
        counts_[{batch.value, state}] += tasks;
        counts_[{0, state}] += tasks;
    }

    Result<> write_counts() {
        for (const auto& [key, change] : counts_) {
            if (change == 0) continue;
            const auto [batch, state] = key;
            HK_TRY(auto* insert, database_.statement("INSERT INTO task_count VALUES (?, ?, ?) ON CONFLICT (batch, "
                                                     "state) DO UPDATE SET tasks = tasks + excluded.tasks"));
            insert->bind(batch).bind(to_string(state)).bind(change);
            HK_CHECK(insert->run());
            if (change > 0) continue;
            HK_TRY(auto* clear,
                   database_.statement("DELETE FROM task_count WHERE batch = ? AND state = ? AND tasks = 0"));
            clear->bind(batch).bind(to_string(state));
            HK_CHECK(clear->run());
        }
        return {};
    }

    Result<> write_first_free() {
        HK_TRY(auto* update, database_.statement("UPDATE counter SET value = ? WHERE name = 'next_task'"));
        update->bind(first_free_);
        return update->run();
    }

    Database& database_;
    std::int64_t first_free_ = 1;
    std::map<std::pair<std::int64_t, TaskState>, std::int64_t> counts_;
};

std::size_t text_size(const std::vector<std::string>& texts) {
    std::size_t size = 0;
    for (const auto& text : texts) size += sizeof(std::string) + text.size();
    return size;
}

std::size_t extra_of(const SaveBatch& write) {
    const TaskSpec* spec = write.batch.spec.get();
    if (spec == nullptr) return 0;
    std::size_t size = sizeof(TaskSpec) + spec->command.size() + text_size(spec->arguments) +
                       spec->indexes.size() * sizeof(std::int64_t);
    for (const auto& [name, value] : spec->env) size += name.size() + value.size() + 100;
    for (const auto& mount : spec->mounts) size += sizeof(Mount) + mount.source.size() + mount.target.size();
    return size;
}
std::size_t extra_of(const std::optional<Outcome>& outcome) { return outcome ? outcome->message.size() : 0; }
std::size_t extra_of(const SaveTask& write) { return text_size(write.task.warnings) + extra_of(write.task.outcome); }
std::size_t extra_of(const SaveAttempt& write) { return extra_of(write.attempt.outcome); }
std::size_t extra_of(const SaveNode& write) {
    const NodeInventory& inventory = write.node.inventory;
    return inventory.gpus.size() * sizeof(Gpu) + inventory.numa.size() * sizeof(NumaNode);
}
std::size_t extra_of(const RemoveNode&) { return 0; }
std::size_t extra_of(const AddEvent& write) { return write.event.detail.size(); }

} // namespace

Result<> apply(Database& database, std::span<const Write> writes) { return Applier(database).run(writes); }

std::size_t size_of(const Write& write) {
    return sizeof(Write) + std::visit([](const auto& change) { return extra_of(change); }, write);
}

} // namespace hk::store
