#include "cli/commands/commands.hpp"
#include "net/http.hpp"

namespace hk::cli {
namespace {

/// One request for each node; all are tried, the first failure is the result.
Result<int> for_each_node(Session& session, const std::vector<std::string>& nodes, std::string_view action) {
    HK_TRY(HostApi* const api, session.host());
    std::optional<Error> failed;
    std::string values;
    for (const std::string& node : nodes) {
        const std::string path = "/api/nodes/" + net::percent_encode(node);
        const auto body = action == "forget" ? api->remove(path) : api->post(path + "/" + std::string(action));
        if (!body) {
            if (failed) session.complain(*failed);
            failed = body.error();
            continue;
        }
        values += (values.empty() ? "" : ",") + *body;
        if (session.json()) continue;
        HK_TRY(const proto::MessageReply reply, proto::parse_message_reply(*body));
        session.say(harmless(reply.message, session.err().unicode));
    }
    if (failed) return fail(*failed);
    if (session.json()) session.print_json(nodes.size() == 1 ? values : "{\"replies\":[" + values + "]}");
    return 0;
}

class NodeVerb : public Verb {
public:
    NodeVerb(std::string_view action, AboutText about)
        : action_(action)
        , about_(std::move(about)) {}

private:
    void declare(Parser& parser) override {
        parser.about(about_);
        parser.positional({.name = "NODE...", .help = "names of nodes", .most = 1000, .what = Names::node}, nodes_);
    }
    Result<int> run(Session& session) override { return for_each_node(session, nodes_, action_); }
    std::string_view action_;
    AboutText about_;
    std::vector<std::string> nodes_;
};

} // namespace

std::unique_ptr<Verb> make_drain() {
    return std::make_unique<NodeVerb>(
        "drain", AboutText{.usage = "hakuriver drain NODE...",
                           .sentence = "Lets the tasks of a node finish and gives it no new ones."});
}
std::unique_ptr<Verb> make_undrain() {
    return std::make_unique<NodeVerb>(
        "undrain", AboutText{.usage = "hakuriver undrain NODE...", .sentence = "Gives a drained node tasks again."});
}
std::unique_ptr<Verb> make_forget() {
    return std::make_unique<NodeVerb>(
        "forget", AboutText{.usage = "hakuriver forget NODE...",
                            .sentence = "Removes a node that is offline and has no tasks from the list."});
}

} // namespace hk::cli
