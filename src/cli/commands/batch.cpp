#include "cli/commands/commands.hpp"
#include "cli/render_task.hpp"
#include "cli/selection.hpp"

namespace hk::cli {
namespace {

std::string render_batch(const Terminal& terminal, const proto::BatchView& batch, Time now) {
    Facts facts;
    facts.add("batch", {to_string(batch.batch_id), Colour::bold});
    facts.add("command", cell(terminal, batch.command));
    facts.add("by", cell(terminal, batch.submitted_by));
    facts.add("submitted", {local_time(batch.submitted_at) + " (" +
                            format_duration(now - batch.submitted_at) + " ago)"});
    facts.add("tasks", {std::to_string(batch.total) + (batch.finished ? ", all ended" : "")});
    for (const auto& [name, count] : batch.counts) {
        if (count == 0) continue;
        const auto state = parse_task_state(name);
        facts.add("  " + harmless(name, terminal.unicode),
                  {std::to_string(count), state ? colour_of(*state) : Colour::none});
    }
    return facts.render(terminal);
}

class BatchVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver batch ID",
                      .sentence = "Shows how far the tasks of one submission are.",
                      .examples = {"hakuriver batch 12", "hakuriver batch last",
                                   "hakuriver tasks --filter batch=12"}});
        parser.positional(
            {.name = "ID", .help = "id of the batch (that of its first task), or last"}, id_);
    }
    Result<int> run(Session& session) override {
        HK_TRY(const BatchId id, resolve_batch(session, id_.front()));
        HK_TRY(HostApi* const api, session.host());
        HK_TRY(const std::string body, api->get("/api/batches/" + to_string(id)));
        if (session.json()) {
            session.print_json(body);
            return 0;
        }
        HK_TRY(const proto::BatchView batch, proto::parse_batch_view(body));
        session.print(render_batch(session.out(), batch, session.wall()));
        return 0;
    }
    std::vector<std::string> id_;
};

} // namespace

std::unique_ptr<Verb> make_batch() { return make_verb<BatchVerb>(); }

} // namespace hk::cli
