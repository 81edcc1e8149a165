// Faiss: HNSW on float32 rows ("flat"), or on 8-bit scalar codes with exact refinement ("sq8"). Searched in batches, its own form.
#include <faiss/IndexHNSW.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_io.h>
#include <omp.h>

#include "peer.hpp"

namespace {

class Faiss : public peer::Peer {
  public:
    explicit Faiss(const peer::Setup& setup) : setup_(setup) {}

    void build(const peer::Vectors& base, int threads) override {
        omp_set_num_threads(threads);
        auto metric = setup_.cosine() ? faiss::METRIC_INNER_PRODUCT : faiss::METRIC_L2;
        if (codes()) {
            hnsw_ = new faiss::IndexHNSWSQ(base.columns, faiss::ScalarQuantizer::QT_8bit, setup_.number("m"), metric);
            refine_ = new faiss::IndexRefineFlat(hnsw_);
            refine_->own_fields = true;
            index_.reset(refine_);
        } else {
            hnsw_ = new faiss::IndexHNSWFlat(base.columns, setup_.number("m"), metric);
            index_.reset(hnsw_);
        }
        hnsw_->hnsw.efConstruction = setup_.number("ef-construction");
        index_->train(base.rows, base.row(0));
        index_->add(base.rows, base.row(0));
    }

    void save(const std::string& path) override { faiss::write_index(index_.get(), path.c_str()); }

    void open(const std::string& path) override {
        index_.reset(faiss::read_index(path.c_str()));
        refine_ = dynamic_cast<faiss::IndexRefineFlat*>(index_.get());
        hnsw_ = dynamic_cast<faiss::IndexHNSW*>(refine_ ? refine_->base_index : index_.get());
    }

    void prepare(int k, int ef, int threads) override {
        omp_set_num_threads(threads);
        hnsw_->hnsw.efSearch = ef;
        if (refine_) {
            // 8-bit codes misplace few rows: more than this costs float rows and wins no recall.
            refine_->k_factor = k < 50 ? 1.5f : 1.2f;
        }
    }

    void search(const float*, int, int32_t*, int) override {}

    bool batched() const override { return true; }

    void searchAll(const peer::Vectors& queries, int k, int32_t* out) override {
        size_t n = static_cast<size_t>(queries.rows) * k;
        distances_.resize(n);
        labels_.resize(n);
        index_->search(queries.rows, queries.row(0), k, distances_.data(), labels_.data());
        std::copy(labels_.begin(), labels_.end(), out);
    }

    peer::Memory memory() override {
        const auto& graph = hnsw_->hnsw;
        size_t links = graph.neighbors.size() * sizeof(graph.neighbors[0]) +
                       graph.offsets.size() * sizeof(graph.offsets[0]) + graph.levels.size() * sizeof(graph.levels[0]);
        peer::Memory parts = {{"graph", links}, {refine_ ? "codes" : "vectors", bytes(hnsw_->storage)}};
        if (refine_) {
            parts.emplace_back("vectors", bytes(refine_->refine_index));
        }
        return parts;
    }

  private:
    bool codes() const { return setup_["variant"] == "sq8"; }

    static size_t bytes(const faiss::Index* index) {
        return dynamic_cast<const faiss::IndexFlatCodes*>(index)->codes.size();
    }

    const peer::Setup& setup_;
    std::unique_ptr<faiss::Index> index_;
    faiss::IndexHNSW* hnsw_ = nullptr;
    faiss::IndexRefineFlat* refine_ = nullptr;
    std::vector<float> distances_;
    std::vector<faiss::Index::idx_t> labels_;
};

}  // namespace

int main(int argc, char** argv) {
    return peer::serve(argc, argv, [](const peer::Setup& setup) { return std::make_unique<Faiss>(setup); });
}
