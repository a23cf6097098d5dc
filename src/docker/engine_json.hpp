#pragma once
#include "docker/engine.hpp"
#include "json/json.hpp"

/// The Engine API's bodies, as pure functions. What an engine leaves out or writes as null reads as empty.
namespace hk::docker {

std::string create_body(const ContainerSpec& spec);
std::string exec_body(const ExecSpec& spec);
/// The changes of a commit: one LABEL instruction per label, quoted as Dockerfiles want it.
std::vector<std::string> commit_changes(const CommitSpec& spec);
/// {"label":["NAME"]} and the like, for the `filters` parameter.
std::string filters(std::initializer_list<std::pair<std::string_view, std::string>> items);

Result<Created> read_created(std::string_view body);
Result<ContainerInfo> read_container(std::string_view body);
Result<std::vector<ContainerInfo>> read_container_list(std::string_view body);
Result<ImageInfo> read_image(std::string_view body);
Result<std::vector<ImageSummary>> read_image_list(std::string_view body);
Result<ExecInfo> read_exec(std::string_view body);
Result<EngineEvent> read_event(std::string_view line);
/// Engine versions: the part of /version and the part of /info that we need.
struct VersionReply {
    std::string name, version, api_version, minimum_api_version;
};
Result<VersionReply> read_version(std::string_view body);
Result<EngineInfo> read_info(std::string_view body);
/// One string member of a reply, such as "Id".
Result<std::string> read_string(std::string_view body, std::string_view member);
Result<int> read_wait(std::string_view body);
Result<int> read_process_count(std::string_view body);

/// One line of a pull, push or load: a step, the text that the engine prints, or its error.
struct StreamMessage {
    TransferStep step;
    std::string text;  ///< "stream" or "status"
    std::string error; ///< ends the operation
};
Result<StreamMessage> read_stream_message(std::string_view line);

/// What an error reply means: the status gives the kind, the body the engine's sentence.
Error read_error(int status, std::string_view body, const std::string& doing);

/// "2026-11-22T23:53:02.295584123Z"; empty for the zero time "0001-01-01T00:00:00Z".
std::optional<Time> read_engine_time(std::string_view text);

} // namespace hk::docker
