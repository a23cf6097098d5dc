#include "cli/commands/commands.hpp"
#include "config/load.hpp"
#include "json/json.hpp"

#include <cstdlib>

namespace hk::cli {
namespace {

constexpr Duration host_limit = std::chrono::seconds(1);

/// Which file is in force, and where that leads.
class ConfigVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver config [show|default]",
                      .sentence = "Shows which config file is used and which Host it names, or "
                                  "prints the default file."});
        parser.positional({.name = "[show|default]",
                           .help = "what to print",
                           .least = 0,
                           .what = Names::choice,
                           .choices = "show,default"},
                          words_);
    }
    Result<int> run(Session& session) override {
        const std::string word = words_.empty() ? "show" : words_.front();
        if (word == "default") {
            session.print(config::default_file());
            return 0;
        }
        if (word != "show") return fail(Errc::invalid, "config can show or print the default, not \"" + word + "\"");
        std::optional<std::filesystem::path> named;
        if (common.config) named = *common.config;
        HK_TRY(const auto file, config::find_file(named, config::read_surroundings()));
        HK_TRY(const HostPlace place, session.world().locate(common));
        const std::string path = file ? file->string() : std::string();
        if (session.json()) {
            session.print_json(json::serialize(
                json::Object{{"file", path}, {"host", net::to_text(place.address)}, {"host_from", place.origin}}));
            return 0;
        }
        session.print("file  " + (path.empty() ? "none; everything has its default" : path) + "\nhost  " +
                      net::to_text(place.address) + "  (from " + place.origin + ")\n");
        return 0;
    }
    std::vector<std::string> words_;
};

class VersionVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver version", .sentence = "Shows the versions of this program and of the Host."});
    }
    Result<int> run(Session& session) override {
        std::string host;
        if (const auto api = session.host())
            if (const auto body = (*api)->get("/api/cluster", host_limit))
                if (const auto cluster = proto::parse_cluster(*body)) host = cluster->version;
        if (session.json()) {
            session.print_json(json::serialize(json::Object{{"version", HK_VERSION}, {"host_version", host}}));
            return 0;
        }
        session.print("hakuriver " HK_VERSION "\n");
        session.print("host      " + (host.empty() ? std::string("not reached") : harmless(host)) + "\n");
        return 0;
    }
};

} // namespace

std::unique_ptr<Verb> make_config() { return make_verb<ConfigVerb>(); }
std::unique_ptr<Verb> make_version() { return make_verb<VersionVerb>(); }

} // namespace hk::cli
