#pragma once
#include "oci/layer_store.hpp"

#include <memory>

struct z_stream_s;

namespace hk::oci {

/// Takes in one layer as registries carry it, compressed by gzip or not at all, and leaves its tar in the layer store.
/// Blocking; one thread at a time.
class LayerIntake {
public:
    explicit LayerIntake(const LayerStore& store);
    ~LayerIntake();
    Result<> feed(std::string_view bytes);
    struct Taken {
        Layer layer;    ///< of the tar
        Digest carried; ///< of the bytes as they came
        Bytes carried_size;
        Bytes new_bytes; ///< written to the store; zero when it was there
    };
    /// The layer is complete and is what `carried` says. Fails when it was cut or is something else.
    Result<Taken> finish(const Digest& carried);
    /// Small things that are no layers come in the same way: what was fed so far, when it is at most max_config_bytes
    /// and not compressed.
    const std::string& text() const { return text_; }

private:
    enum class Form { unknown, plain, gzip };
    Result<> inflate(std::string_view bytes);
    Result<> put(std::string_view plain);

    const LayerStore& store_;
    Form form_ = Form::unknown;
    std::unique_ptr<z_stream_s> zlib_;
    bool stream_ended_ = false;
    std::optional<TemporaryFile> file_;
    Sha256 carried_, plain_;
    Bytes carried_size_, plain_size_;
    std::string text_;
};

} // namespace hk::oci
