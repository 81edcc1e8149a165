// The native half of the side-by-side harness: one process per library, driven by lines on stdin (see Protocol in
// ../harness). A library implements Peer; serve() does the reading, timing and counting in the same way for all of them.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace peer {

// A mapped file: little-endian int32 rows and columns, then rows x columns of 4 bytes each, row by row.
template <class T>
class Matrix {
  public:
    explicit Matrix(const std::string& path) {
        int file = open(path.c_str(), O_RDONLY);
        struct stat status;
        if (file < 0 || fstat(file, &status) != 0) {
            throw std::runtime_error(path + ": cannot be read");
        }
        bytes_ = status.st_size;
        map_ = mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, file, 0);
        close(file);
        if (map_ == MAP_FAILED) {
            throw std::runtime_error(path + ": cannot be mapped");
        }
        const auto* head = static_cast<const int32_t*>(map_);
        rows = head[0];
        columns = head[1];
        if (bytes_ != 8 + static_cast<size_t>(rows) * columns * 4) {
            throw std::runtime_error(path + ": has another length than its head says");
        }
    }
    ~Matrix() { munmap(map_, bytes_); }
    Matrix(const Matrix&) = delete;
    Matrix& operator=(const Matrix&) = delete;

    const T* row(size_t i) const { return reinterpret_cast<const T*>(static_cast<const char*>(map_) + 8) + i * columns; }

    int32_t rows;
    int32_t columns;

  private:
    void* map_;
    size_t bytes_;
};

using Vectors = Matrix<float>;
using Truth = Matrix<int32_t>;

// What the command line says.
struct Setup {
    std::map<std::string, std::string> values;

    const std::string& operator[](const std::string& key) const {
        auto found = values.find(key);
        if (found == values.end()) {
            throw std::runtime_error("--" + key + " is missing");
        }
        return found->second;
    }
    int number(const std::string& key) const { return std::stoi((*this)[key]); }
    bool cosine() const { return (*this)["metric"] == "cosine"; }
};

using Memory = std::vector<std::pair<std::string, size_t>>;

// One library. Rows keep their numbers as labels. Cosine sets hold vectors of length 1.
class Peer {
  public:
    virtual ~Peer() = default;
    virtual void build(const Vectors& base, int threads) = 0;
    virtual void save(const std::string& path) = 0;
    virtual void open(const std::string& path) = 0;
    // Called before a run of searches, by one thread.
    virtual void prepare(int k, int ef, int threads) = 0;
    // Writes up to k labels. Called by several threads at once, each with its number.
    virtual void search(const float* query, int k, int32_t* out, int thread) = 0;
    // Libraries whose own form is a batch override this instead.
    virtual bool batched() const { return false; }
    virtual void searchAll(const Vectors&, int, int32_t*) {}
    // Bytes by part.
    virtual Memory memory() = 0;
};

// Runs work(0 .. n - 1) on so many threads.
inline void forEach(size_t n, int threads, const std::function<void(size_t, int)>& work) {
    std::atomic<size_t> next{0};
    std::vector<std::thread> others;
    auto run = [&](int thread) {
        for (size_t i = next++; i < n; i = next++) {
            work(i, thread);
        }
    };
    for (int t = 1; t < threads; t++) {
        others.emplace_back(run, t);
    }
    run(0);
    for (auto& other : others) {
        other.join();
    }
}

inline double seconds(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

class Server {
  public:
    Server(std::unique_ptr<Peer> peer, const Setup& setup)
        : peer_(std::move(peer)), setup_(setup), queries_(setup["queries"]), truth_(setup["truth"]) {}

    void run() {
        std::string line;
        while (std::getline(std::cin, line)) {
            std::istringstream words(line);
            std::string command;
            words >> command;
            if (command == "quit") {
                return;
            }
            try {
                answer(command, words);
            } catch (const std::exception& e) {
                std::cout << "error " << e.what() << std::endl;
            }
        }
    }

  private:
    void answer(const std::string& command, std::istringstream& words) {
        if (command == "build") {
            int threads;
            words >> threads;
            build(threads);
        } else if (command == "save") {
            peer_->save(setup_["index"]);
            std::cout << "ok" << std::endl;
        } else if (command == "open") {
            bool there = std::ifstream(setup_["index"]).good();
            if (there) {
                peer_->open(setup_["index"]);
            }
            std::cout << "ok opened=" << (there ? 1 : 0) << std::endl;
        } else if (command == "memory") {
            std::cout << "ok";
            for (const auto& part : peer_->memory()) {
                std::cout << ' ' << part.first << '=' << part.second;
            }
            std::cout << std::endl;
        } else if (command == "search") {
            int k, ef, threads, millis;
            words >> k >> ef >> threads >> millis;
            search(k, ef, threads, millis * 1e-3);
        } else {
            std::cout << "unsupported" << std::endl;
        }
    }

    void build(int threads) {
        Vectors base(setup_["base"]);
        double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        double start = seconds(CLOCK_MONOTONIC);
        peer_->build(base, threads);
        printf("ok seconds=%.6f cpu=%.6f rows=%d\n", seconds(CLOCK_MONOTONIC) - start,
               seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, base.rows);
        fflush(stdout);
    }

    // One pass for the recall, which also warms, then passes until the time is over.
    void search(int k, int ef, int threads, double limit) {
        peer_->prepare(k, ef, threads);
        std::vector<int32_t> found(static_cast<size_t>(queries_.rows) * k, -1);
        pass(k, threads, found);
        double recall = recallOf(found, k);
        double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        double start = seconds(CLOCK_MONOTONIC);
        size_t done = 0;
        double elapsed;
        do {
            pass(k, threads, found);
            done += queries_.rows;
            elapsed = seconds(CLOCK_MONOTONIC) - start;
        } while (elapsed < limit);
        printf("ok recall=%.6f queries=%zu seconds=%.6f cpu=%.6f\n", recall, done, elapsed,
               seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
        fflush(stdout);
    }

    void pass(int k, int threads, std::vector<int32_t>& found) {
        if (peer_->batched()) {
            peer_->searchAll(queries_, k, found.data());
            return;
        }
        forEach(queries_.rows, threads,
                [&](size_t i, int thread) { peer_->search(queries_.row(i), k, &found[i * k], thread); });
    }

    double recallOf(const std::vector<int32_t>& found, int k) const {
        size_t hits = 0;
        for (int32_t q = 0; q < queries_.rows; q++) {
            for (int i = 0; i < k; i++) {
                for (int j = 0; j < k; j++) {
                    hits += found[static_cast<size_t>(q) * k + i] == truth_.row(q)[j];
                }
            }
        }
        return static_cast<double>(hits) / (static_cast<double>(queries_.rows) * k);
    }

    std::unique_ptr<Peer> peer_;
    const Setup& setup_;
    Vectors queries_;
    Truth truth_;
};

// The main function of every native peer.
template <class Make>
int serve(int argc, char** argv, Make make) {
    try {
        Setup setup;
        for (int i = 1; i + 1 < argc; i += 2) {
            setup.values[std::string(argv[i]).substr(2)] = argv[i + 1];
        }
        Server server(make(setup), setup);
        std::cout << "ready" << std::endl;
        server.run();
        return 0;
    } catch (const std::exception& e) {
        std::cout << "error " << e.what() << std::endl;
        return 1;
    }
}

}  // namespace peer
