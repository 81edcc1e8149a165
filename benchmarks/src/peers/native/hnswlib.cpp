// hnswlib, float32, as its header gives it.
#include <hnswlib/hnswlib.h>

#include "peer.hpp"

namespace {

class Hnswlib : public peer::Peer {
  public:
    explicit Hnswlib(const peer::Setup& setup) : setup_(setup) {
        int d = peer::Vectors(setup["base"]).columns;
        if (setup.cosine()) {
            space_ = std::make_unique<hnswlib::InnerProductSpace>(d);
        } else {
            space_ = std::make_unique<hnswlib::L2Space>(d);
        }
    }

    void build(const peer::Vectors& base, int threads) override {
        index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), base.rows, setup_.number("m"),
                                                                   setup_.number("ef-construction"));
        index_->addPoint(base.row(0), 0);
        peer::forEach(base.rows - 1, threads, [&](size_t i, int) { index_->addPoint(base.row(i + 1), i + 1); });
    }

    void save(const std::string& path) override { index_->saveIndex(path); }

    void open(const std::string& path) override {
        index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), path);
    }

    void prepare(int, int ef, int) override { index_->setEf(ef); }

    void search(const float* query, int k, int32_t* out, int) override {
        auto nearest = index_->searchKnn(query, k);
        for (; !nearest.empty(); nearest.pop()) {
            *out++ = static_cast<int32_t>(nearest.top().second);
        }
    }

    peer::Memory memory() override {
        size_t n = index_->cur_element_count;
        size_t upper = n * sizeof(void*);
        for (size_t i = 0; i < n; i++) {
            upper += index_->element_levels_[i] * index_->size_links_per_element_;
        }
        return {{"vectors", n * index_->data_size_},
                {"graph", n * (index_->size_data_per_element_ - index_->data_size_) + upper}};
    }

  private:
    const peer::Setup& setup_;
    std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
    std::unique_ptr<hnswlib::HierarchicalNSW<float>> index_;
};

}  // namespace

int main(int argc, char** argv) {
    return peer::serve(argc, argv, [](const peer::Setup& setup) { return std::make_unique<Hnswlib>(setup); });
}
