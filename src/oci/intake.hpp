#pragma once
#include "oci/layer_store.hpp"
#include "oci/tar.hpp"

#include <map>
#include <optional>

namespace hk::oci {

/// Takes in an image archive as it arrives (what `docker save` or GET /images/NAME/get sends) and leaves its layers
/// in the layer store. Layers that the store has are only hashed, not written. Every layer is checked against the
/// digest that the image's config gives it. Blocking; one thread at a time; a failed or abandoned intake leaves
/// at most whole layers that `collect` removes later.
class Intake : private TarSink {
public:
    struct Written {
        Image image;
        Bytes new_bytes;   ///< written to the store
        Bytes total_bytes; ///< of all layers
    };
    /// `expected`: layers of the image that are known beforehand, to find out which of them need no writing.
    Intake(const LayerStore& store, const std::vector<Digest>& expected);
    Result<> feed(std::string_view bytes) { return parser_.feed(bytes); }
    /// The archive is complete: checks everything and says what it was.
    Result<Written> finish();

private:
    struct Member {
        Digest digest;
        Bytes size;
    };
    Result<> on_begin(const TarEntry& entry) override;
    Result<> on_data(std::string_view bytes) override;
    Result<> on_end() override;
    Result<> begin_data(char first);
    Result<Image> make_image(const ArchiveManifest& manifest);
    Result<Layer> layer_for(const std::string& path, const Digest& diff_id);
    const std::string* text_of(const std::string& path) const;
    Result<> store_layer(const Digest& digest, std::int64_t size);
    Result<> store_text(const std::string& text, const Digest& digest);

    const LayerStore& store_;
    std::multimap<std::int64_t, Digest> known_sizes_; ///< of expected layers that the store has
    TarParser parser_{*this};
    TarEntry entry_;
    bool in_data_ = false;
    bool as_text_ = false;
    Sha256 hash_;
    std::optional<TemporaryFile> file_;
    std::map<std::string, Member> members_;    ///< everything that has bytes
    std::map<std::string, std::string> texts_; ///< the JSON members, whole
    std::map<std::string, std::string> links_;
    std::int64_t text_bytes_ = 0;
    Bytes new_bytes_;
};

} // namespace hk::oci
