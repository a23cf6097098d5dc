#include "docker/engine_json.hpp"
#include "docker/json_reader.hpp"

#include <algorithm>

namespace hk::docker {

namespace {

json::Array texts(const std::vector<std::string>& list) {
    json::Array array;
    for (const auto& item : list) array.emplace_back(item);
    return array;
}

json::Object text_object(const std::map<std::string, std::string>& map) {
    json::Object object;
    for (const auto& [key, value] : map) object.emplace(key, value);
    return object;
}

json::Array mounts_of(const ContainerSpec& spec) {
    json::Array mounts;
    for (const BindMount& mount : spec.mounts)
        mounts.push_back(json::Object{
            {"Type", "bind"}, {"Source", mount.source}, {"Target", mount.target}, {"ReadOnly", mount.read_only}});
    return mounts;
}

json::Array device_requests(const ContainerSpec& spec) {
    json::Array requests;
    for (const DeviceRequest& request : spec.gpus) {
        json::Object object{{"Driver", request.cdi ? "cdi" : ""}, {"DeviceIDs", texts(request.device_ids)}};
        if (!request.cdi) { // one alternative, of one capability; braces around an array would copy it instead
            json::Array alternatives;
            alternatives.emplace_back(json::Array{"gpu"});
            object.emplace("Capabilities", std::move(alternatives));
        }
        requests.push_back(std::move(object));
    }
    return requests;
}

json::Array devices_of(const ContainerSpec& spec) {
    json::Array devices;
    for (const Device& device : spec.devices)
        devices.push_back(
            json::Object{{"PathOnHost", device.path}, {"PathInContainer", device.path}, {"CgroupPermissions", "rwm"}});
    return devices;
}

void put_limits(json::Object& host, const ContainerSpec& spec) {
    if (spec.nano_cpus) host["NanoCpus"] = *spec.nano_cpus;
    if (spec.memory) {
        host["Memory"] = spec.memory->value;
        host["MemorySwap"] = spec.memory->value; // the sum of both: nothing on top
    }
    if (spec.processes) host["PidsLimit"] = *spec.processes;
    if (!spec.cpuset_cpus.empty()) host["CpusetCpus"] = spec.cpuset_cpus;
    if (!spec.cpuset_mems.empty()) host["CpusetMems"] = spec.cpuset_mems;
    if (!spec.gpus.empty()) host["DeviceRequests"] = device_requests(spec);
    if (!spec.devices.empty()) host["Devices"] = devices_of(spec);
}

json::Object host_config(const ContainerSpec& spec) {
    json::Object host{{"NetworkMode", spec.network},
                      {"Mounts", mounts_of(spec)},
                      {"Privileged", spec.privileged},
                      {"Init", spec.init},
                      {"LogConfig", json::Object{{"Type", "none"}}}};
    if (!spec.capabilities.empty()) host["CapAdd"] = texts(spec.capabilities);
    if (!spec.ipc.empty()) host["IpcMode"] = spec.ipc;
    put_limits(host, spec);
    return host;
}

ContainerStatus parse_status(std::string_view text) {
    for (const auto status :
         {ContainerStatus::created, ContainerStatus::running, ContainerStatus::paused, ContainerStatus::restarting,
          ContainerStatus::removing, ContainerStatus::exited, ContainerStatus::dead})
        if (to_string(status) == text) return status;
    return ContainerStatus::unknown;
}

std::string plain_name(std::string name) {
    if (name.starts_with('/')) name.erase(0, 1);
    return name;
}

} // namespace

std::string_view to_string(ContainerStatus status) {
    switch (status) {
    case ContainerStatus::created: return "created";
    case ContainerStatus::running: return "running";
    case ContainerStatus::paused: return "paused";
    case ContainerStatus::restarting: return "restarting";
    case ContainerStatus::removing: return "removing";
    case ContainerStatus::exited: return "exited";
    case ContainerStatus::dead: return "dead";
    case ContainerStatus::unknown: break;
    }
    return "unknown";
}

std::string create_body(const ContainerSpec& spec) {
    json::Object body{{"Image", spec.image},
                      {"Cmd", texts(spec.command)},
                      {"Env", texts(spec.env)},
                      {"Labels", text_object(spec.labels)},
                      {"HostConfig", host_config(spec)}};
    if (!spec.entrypoint.empty()) body["Entrypoint"] = texts(spec.entrypoint);
    if (!spec.working_directory.empty()) body["WorkingDir"] = spec.working_directory;
    if (!spec.user.empty()) body["User"] = spec.user;
    return json::serialize(body);
}

std::string exec_body(const ExecSpec& spec) {
    json::Object body{{"AttachStdin", true},  {"AttachStdout", true},    {"AttachStderr", true},
                      {"Tty", spec.terminal}, {"Cmd", texts(spec.argv)}, {"Env", texts(spec.env)}};
    if (!spec.working_directory.empty()) body["WorkingDir"] = spec.working_directory;
    if (!spec.user.empty()) body["User"] = spec.user;
    return json::serialize(body);
}

std::optional<Time> read_engine_time(std::string_view text) {
    if (text.starts_with("0001-")) return std::nullopt;
    // Nanoseconds are cut to the microseconds that we keep.
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return parse_time(text);
    auto end = text.find_first_not_of("0123456789", dot + 1);
    if (end == std::string_view::npos) end = text.size();
    const std::string digits(text.substr(dot + 1, std::min<std::size_t>(6, end - dot - 1)));
    return parse_time(std::string(text.substr(0, dot)) + "." + digits + std::string(6 - digits.size(), '0') + "Z");
}

Result<Created> read_created(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    Created created{Reader(&value).at("Id").text(), Reader(&value).at("Warnings").texts()};
    if (created.id.empty()) return fail(Errc::unavailable, "the container engine made a container without an id");
    return created;
}

Result<ContainerInfo> read_container(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    const Reader root(&value);
    const Reader state = root.at("State");
    const Reader config = root.at("Config");
    ContainerInfo info;
    info.id = root.at("Id").text();
    info.name = plain_name(root.at("Name").text());
    info.image = config.at("Image").text();
    info.image_id = root.at("Image").text();
    info.status = parse_status(state.at("Status").text());
    info.pid = state.at("Pid").number();
    info.exit_code = static_cast<int>(state.at("ExitCode").number());
    info.oom_killed = state.at("OOMKilled").flag();
    info.error = state.at("Error").text();
    info.started_at = read_engine_time(state.at("StartedAt").text());
    info.finished_at = read_engine_time(state.at("FinishedAt").text());
    info.command = config.at("Cmd").texts();
    info.labels = config.at("Labels").text_map();
    info.exec_ids = root.at("ExecIDs").texts();
    info.mount_count = static_cast<int>(root.at("Mounts").items().size());
    if (info.id.empty()) return fail(Errc::unavailable, "the container engine described a container without an id");
    return info;
}

Result<std::vector<ContainerInfo>> read_container_list(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    std::vector<ContainerInfo> list;
    for (const Reader& item : Reader(&value).items()) {
        ContainerInfo info;
        info.id = item.at("Id").text();
        const auto names = item.at("Names").texts();
        info.name = names.empty() ? "" : plain_name(names.front());
        info.image = item.at("Image").text();
        info.image_id = item.at("ImageID").text();
        info.status = parse_status(item.at("State").text());
        info.status_text = item.at("Status").text();
        info.command = {item.at("Command").text()};
        info.labels = item.at("Labels").text_map();
        list.push_back(std::move(info));
    }
    return list;
}

Result<ExecInfo> read_exec(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    const Reader root(&value);
    ExecInfo info;
    info.running = root.at("Running").flag();
    if (!info.running && root.at("ExitCode").filled()) info.exit_code = static_cast<int>(root.at("ExitCode").number());
    return info;
}

Result<int> read_wait(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    return static_cast<int>(Reader(&value).at("StatusCode").number());
}

Result<int> read_process_count(std::string_view body) {
    HK_TRY(const auto value, json::parse(body));
    return static_cast<int>(Reader(&value).at("Processes").items().size());
}

} // namespace hk::docker
