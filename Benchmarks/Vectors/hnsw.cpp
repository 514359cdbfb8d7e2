// Debian's hnswlib on the same vectors: what the approximate search of memory banks is measured against.
//
//   hnsw FOLDER THREADS   builds FOLDER/hnsw.index from base.f32 unless it is there, then searches with queries.f32
//                         against truth.i32 (ten a query): one line an ef: ef, recall, p50 microseconds
#include <hnswlib/hnswlib.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

static const size_t dimensions = 384, links = 16, ef_construction = 100, found = 10;

template <class T> static std::vector<T> read(const std::string &path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    std::vector<T> values(size_t(file.tellg()) / sizeof(T));
    file.seekg(0);
    file.read(reinterpret_cast<char *>(values.data()), std::streamsize(values.size() * sizeof(T)));
    return values;
}

int main(int, char **arguments) {
    std::string folder = arguments[1], path = folder + "/hnsw.index";
    hnswlib::InnerProductSpace space(dimensions);
    hnswlib::HierarchicalNSW<float> *index;
    if (std::ifstream(path).good()) {
        index = new hnswlib::HierarchicalNSW<float>(&space, path);
    } else {
        auto base = read<float>(folder + "/base.f32");
        size_t count = base.size() / dimensions;
        index = new hnswlib::HierarchicalNSW<float>(&space, count, links, ef_construction);
        std::atomic<size_t> next{0};
        std::vector<std::thread> threads;
        auto start = std::chrono::steady_clock::now();
        for (int thread = 0; thread < atoi(arguments[2]); thread++)
            threads.emplace_back([&] {
                for (size_t i; (i = next++) < count;) index->addPoint(&base[i * dimensions], i);
            });
        for (auto &thread : threads) thread.join();
        std::printf("built in %.0f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        index->saveIndex(path);
    }
    auto queries = read<float>(folder + "/queries.f32");
    auto truth = read<int>(folder + "/truth.i32");
    size_t count = queries.size() / dimensions;
    for (size_t ef : {10, 16, 24, 32, 48, 64, 96, 128, 192, 256}) {
        index->setEf(ef);
        std::vector<double> times;
        size_t hits = 0;
        for (size_t q = 0; q < count; q++) {
            auto start = std::chrono::steady_clock::now();
            auto nearest = index->searchKnn(&queries[q * dimensions], found);
            times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
            for (; !nearest.empty(); nearest.pop())
                hits += std::count(&truth[q * found], &truth[(q + 1) * found], int(nearest.top().second)) > 0;
        }
        std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
        std::printf("%zu %.4f %.1f\n", ef, double(hits) / double(count * found), times[times.size() / 2]);
        std::fflush(stdout);
    }
}
