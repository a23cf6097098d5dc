#include "docker/engine_json.hpp"

#include "docker/json_reader.hpp"

namespace hk::docker {

namespace {

/// A value inside double quotes of a Dockerfile instruction.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\' || c == '$') out.push_back('\\');
        if (c == '\n' || c == '\r') out.push_back(' ');
        else out.push_back(c);
    }
    return out + "\"";
}

Errc kind_of(int status) {
    switch (status) {
    case 400: return Errc::invalid;
    case 403: return Errc::forbidden;
    case 404: return Errc::not_found;
    case 409: return Errc::conflict;
    default: return Errc::io; // it answers, but could not do it
    }
}

std::optional<Bytes> bytes_of(const Reader& reader) {
    const auto number = reader.number();
    return number > 0 ? std::optional(Bytes{number}) : std::nullopt;
}

} // namespace

std::vector<std::string> commit_changes(const CommitSpec& spec) {
    std::vector<std::string> changes;
    for (const auto& [key, value] : spec.labels) changes.push_back("LABEL " + quoted(key) + "=" + quoted(value));
    return changes;
}

std::string filters(std::initializer_list<std::pair<std::string_view, std::string>> items) {
    json::Object object;
    for (const auto& [key, value] : items)
        if (!value.empty()) object.emplace(key, json::Array{json::Value(value)});
    return json::serialize(object);
}

Result<ImageInfo> read_image(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    const Reader root(&value);
    ImageInfo info;
    info.id = root.at("Id").text();
    info.tags = root.at("RepoTags").texts();
    info.size = Bytes{root.at("Size").number()};
    info.created = root.at("Created").text();
    info.command = root.at("Config").at("Cmd").texts();
    info.user = root.at("Config").at("User").text();
    info.labels = root.at("Config").at("Labels").text_map();
    info.has_volumes = root.at("Config").at("Volumes").filled();
    for (const std::string& layer : root.at("RootFS").at("Layers").texts()) {
        HK_TRY(auto digest, oci::Digest::parse(layer));
        info.diff_ids.push_back(std::move(digest));
    }
    return info;
}

Result<std::vector<ImageSummary>> read_image_list(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    std::vector<ImageSummary> list;
    for (const Reader& item : Reader(&value).items()) {
        ImageSummary image{item.at("Id").text(), item.at("RepoTags").texts(), item.at("Labels").text_map(),
                           Bytes{item.at("Size").number()}};
        std::erase(image.tags, "<none>:<none>"); // how engines before 25 say that there is none
        list.push_back(std::move(image));
    }
    return list;
}

Result<EngineEvent> read_event(std::string_view line) {
    HK_TRY(const auto value, json::parse(line));
    const Reader root(&value);
    return EngineEvent{root.at("Type").text(), root.at("Action").text(), root.at("Actor").at("ID").text(),
                       root.at("Actor").at("Attributes").text_map()};
}

Result<VersionReply> read_version(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    const Reader root(&value);
    VersionReply reply{"Docker", root.at("Version").text(), root.at("ApiVersion").text(),
                       root.at("MinAPIVersion").text()};
    for (const Reader& component : root.at("Components").items())
        if (component.at("Name").text() == "Podman Engine") reply.name = "Podman";
    // Distributions append their own: "20.10.24+dfsg1".
    reply.version = reply.version.substr(0, reply.version.find('+'));
    if (reply.api_version.empty()) return fail(Errc::unavailable, "the container engine names no API version");
    return reply;
}

Result<EngineInfo> read_info(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    const Reader root(&value);
    EngineInfo info;
    info.storage_driver = root.at("Driver").text();
    info.root_folder = root.at("DockerRootDir").text();
    info.cgroup_version = root.at("CgroupVersion").text() == "2" ? 2 : 1;
    info.live_restore = root.at("LiveRestoreEnabled").flag();
    info.cdi = root.at("CDISpecDirs").filled();
    info.gpu_driver = root.at("Runtimes").at("nvidia").filled();
    info.cpus = static_cast<int>(root.at("NCPU").number());
    info.warnings = root.at("Warnings").texts();
    for (const Reader& pair : root.at("DriverStatus").items()) {
        const auto parts = pair.texts();
        if (parts.size() == 2 && parts[0] == "driver-type")
            info.containerd_store = parts[1].starts_with("io.containerd");
    }
    return info;
}

Result<std::string> read_string(std::string_view body, std::string_view member) {
    HK_TRY(const auto value, json::parse(body));
    auto text = Reader(&value).at(member).text();
    if (text.empty())
        return fail(Errc::unavailable, "the container engine's answer lacks \"" + std::string(member) + "\"");
    return text;
}

Result<StreamMessage> read_stream_message(std::string_view line) {
    HK_TRY(const auto value, json::parse(line));
    const Reader root(&value);
    StreamMessage message;
    message.step.layer = root.at("id").text();
    message.step.status = root.at("status").text();
    message.step.done = bytes_of(root.at("progressDetail").at("current"));
    message.step.total = bytes_of(root.at("progressDetail").at("total"));
    message.text = root.at("stream").text();
    if (message.text.empty()) message.text = message.step.status;
    message.error = root.at("errorDetail").at("message").text();
    if (message.error.empty()) message.error = root.at("error").text();
    return message;
}

Error read_error(int status, std::string_view body, const std::string& doing) {
    std::string sentence;
    if (const auto value = json::parse(body)) sentence = Reader(&*value).at("message").text();
    if (sentence.empty()) sentence = "it answered with status " + std::to_string(status);
    while (sentence.ends_with('\n')) sentence.pop_back();
    return Error{kind_of(status), "the container engine could not " + doing + ": " + sentence, {}};
}

} // namespace hk::docker
