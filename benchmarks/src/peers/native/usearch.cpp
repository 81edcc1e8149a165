// usearch with the SIMD kernels it ships, on rows of float32 ("f32") or of 8-bit integers ("i8").
#include <usearch/index_dense.hpp>

#include "peer.hpp"

namespace {

using unum::usearch::index_dense_config_t;
using unum::usearch::index_dense_t;
using unum::usearch::index_limits_t;
using unum::usearch::metric_kind_t;
using unum::usearch::metric_punned_t;
using unum::usearch::scalar_kind_t;

constexpr int kMostThreads = 64;

class Usearch : public peer::Peer {
  public:
    explicit Usearch(const peer::Setup& setup) : setup_(setup), dimensions_(peer::Vectors(setup["base"]).columns) {}

    void build(const peer::Vectors& base, int threads) override {
        make();
        index_.reserve(index_limits_t(base.rows, kMostThreads));
        peer::forEach(base.rows, threads, [&](size_t i, int thread) { add(base.row(i), i, thread); });
    }

    void save(const std::string& path) override { check(index_.save(path.c_str())); }

    void open(const std::string& path) override {
        make();
        check(index_.load(path.c_str()));
        index_.reserve(index_limits_t(index_.size(), kMostThreads));
    }

    void prepare(int, int ef, int) override { index_.change_expansion_search(ef); }

    void search(const float* query, int k, int32_t* out, int thread) override {
        thread_local std::vector<int8_t> bytes;
        thread_local std::vector<index_dense_t::vector_key_t> keys;
        keys.resize(k);
        auto found = shifted() ? index_.search(shift(query, bytes), k, thread) : index_.search(query, k, thread);
        check(found);
        size_t n = found.dump_to(keys.data());
        std::copy(keys.begin(), keys.begin() + n, out);
    }

    peer::Memory memory() override {
        auto stats = index_.memory_stats();
        return {{"graph", stats.graph_allocated}, {small() ? "codes" : "vectors", stats.vectors_allocated}};
    }

  private:
    bool small() const { return setup_["variant"] == "i8"; }

    // The library scales every row by its length on the way to 8 bits, which is right for cosines only. The Euclidean
    // sets hold whole numbers from 0 to 255, so they are handed over as what they are.
    bool shifted() const { return small() && !setup_.cosine(); }

    const int8_t* shift(const float* row, std::vector<int8_t>& bytes) const {
        bytes.resize(dimensions_);
        for (int i = 0; i < dimensions_; i++) {
            bytes[i] = static_cast<int8_t>(row[i] - 128);
        }
        return bytes.data();
    }

    void make() {
        metric_punned_t metric(dimensions_, setup_.cosine() ? metric_kind_t::cos_k : metric_kind_t::l2sq_k,
                               small() ? scalar_kind_t::i8_k : scalar_kind_t::f32_k);
        std::cerr << "usearch kernels: " << metric.isa_name() << std::endl;
        index_dense_config_t config(setup_.number("m"), setup_.number("ef-construction"), 64);
        config.enable_key_lookups = false;
        auto made = index_dense_t::make(metric, config);
        check(made);
        index_ = std::move(made.index);
    }

    void add(const float* row, size_t key, int thread) {
        thread_local std::vector<int8_t> bytes;
        check(shifted() ? index_.add(key, shift(row, bytes), thread) : index_.add(key, row, thread));
    }

    template <class Result>
    static void check(Result&& result) {
        if (!result) {
            throw std::runtime_error(result.error.release());
        }
    }

    const peer::Setup& setup_;
    int dimensions_;
    index_dense_t index_;
};

}  // namespace

int main(int argc, char** argv) {
    return peer::serve(argc, argv, [](const peer::Setup& setup) { return std::make_unique<Usearch>(setup); });
}
