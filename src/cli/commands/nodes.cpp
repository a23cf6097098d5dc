#include "cli/commands/commands.hpp"
#include "cli/render_node.hpp"

#include <algorithm>

namespace hk::cli {
namespace {

bool knows(const proto::Health& health, const std::string& node) {
    return !health.nodes.empty() && std::ranges::count(health.nodes.back(), node, &proto::HealthNode::hostname) > 0;
}

class NodesVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver nodes", .sentence = "Lists the nodes and what is free on them."});
    }
    Result<int> run(Session& session) override { return list_nodes(session); }
};

class GpusVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver gpus", .sentence = "Lists all GPUs of the cluster and who uses them."});
    }
    Result<int> run(Session& session) override { return list_gpus(session); }
};

class HealthVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver health [NODE]",
                      .sentence = "Shows load, memory, temperatures and GPUs of all nodes, or of one."});
        parser.positional({.name = "[NODE]", .help = "only this node", .least = 0, .what = Names::node}, node_);
    }
    Result<int> run(Session& session) override {
        return show_health(session, node_.empty() ? std::nullopt : std::optional(node_.front()));
    }
    std::vector<std::string> node_;
};

} // namespace

Result<int> list_nodes(Session& session) {
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const std::string body, api->get("/api/nodes"));
    if (session.json()) {
        session.print_json(body);
        return 0;
    }
    HK_TRY(const proto::NodeList list, proto::parse_node_list(body));
    std::string names;
    for (const auto& node : list.nodes) names += harmless(node.hostname) + "\n";
    if (session.quiet()) session.print(names);
    else if (list.nodes.empty()) session.say("no node yet; start hakuriver.runner on one");
    else session.print(render_node_table(session.out(), list.nodes, session.wall()));
    return 0;
}

Result<int> list_gpus(Session& session) {
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const std::string body, api->get("/api/nodes"));
    if (session.json()) {
        session.print_json(body);
        return 0;
    }
    HK_TRY(const proto::NodeList list, proto::parse_node_list(body));
    session.print(render_gpu_table(session.out(), list.nodes));
    return 0;
}

Result<int> show_health(Session& session, const std::optional<std::string>& node) {
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const std::string body, api->get("/api/health" + query_of({{"hostname", node.value_or("")}})));
    HK_TRY(const proto::Health health, proto::parse_health(body));
    if (node && !knows(health, *node)) return fail(Errc::not_found, "there is no node " + *node);
    if (session.json()) {
        session.print_json(body);
        return 0;
    }
    session.print(render_health(session.out(), health, node.value_or("")));
    return 0;
}

std::unique_ptr<Verb> make_nodes() { return make_verb<NodesVerb>(); }
std::unique_ptr<Verb> make_gpus() { return make_verb<GpusVerb>(); }
std::unique_ptr<Verb> make_health() { return make_verb<HealthVerb>(); }

} // namespace hk::cli
