import Foundation
import VectorIndex

// Our own search on the vectors of a folder that Scripts/bench-vectors.py made; the script runs the others beside it.
//
//   bench-vectors FOLDER exact|approximate [PROBED_SHARE]...
//
// Answers, one line a setting: name, recall of the true ten (truth.i32), p50 in microseconds, bytes held.
let arguments = CommandLine.arguments
guard arguments.count >= 3, ["exact", "approximate"].contains(arguments[2]) else {
    print("usage: bench-vectors FOLDER exact|approximate [PROBED_SHARE]...")
    exit(64)
}
let dimensions = 384
let found = 10
/// The number of candidates that are ranked again by their exact vectors.
let ranked = 40

func read<Element>(_ name: String, _ type: Element.Type) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: arguments[1] + "/" + name), options: .alwaysMapped)
}

let base = try read("base.f32", Float.self)
let queries = try read("queries.f32", Float.self)
let truth = try read("truth.i32", Int32.self)
let count = base.count / (4 * dimensions)

func vector(_ data: Data, _ number: Int) -> [Float] {
    data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)[(number * dimensions)..<((number + 1) * dimensions)]) }
}

func milliseconds(_ start: ContinuousClock.Instant) -> Int { Int((ContinuousClock.now - start) / .milliseconds(1)) }

if let refusal = VectorMath.instructionSetRefusal {
    FileHandle.standardError.write(Data("error: \(refusal)\n".utf8))
    exit(78)
}
var options = VectorIndex.Options()
let shares = arguments[2] == "exact" ? [0] : arguments.dropFirst(3).compactMap(Double.init)
if arguments[2] == "exact" { options.exactMax = .max }
let start = ContinuousClock.now
let index = VectorIndex(dimensions: dimensions, options: options)
for first in stride(from: 0, to: count, by: 10_000) {
    index.add(
        (first..<min(first + 10_000, count)).compactMap { id in
            VectorCode(vector(base, id)).map { (Int64(id), $0) }
        })
}
print("# \(VectorMath.instructionSet), \(count) vectors added in \(milliseconds(start)) ms")
let parting = ContinuousClock.now
index.reorganize()
print("# parted in \(milliseconds(parting)) ms")

/// The whole of a search: codes, then the exact order of the best.
func search(_ query: [Float]) -> ArraySlice<Int64> {
    let candidates = index.search(query, countMax: ranked)
    return base.withUnsafeBytes { bytes in
        let floats = bytes.bindMemory(to: Float.self)
        guard let first = floats.baseAddress else { return [] }
        return candidates.map { match in
            (match.id, VectorMath.dot(query, first + Int(match.id) * dimensions, dimensions))
        }.sorted { $0.1 > $1.1 }.map(\.0).prefix(found)
    }
}

for share in shares.isEmpty ? [options.probedShare] : shares {
    index.probedShare = share
    var times: [Double] = []
    var hits = 0
    let number = queries.count / (4 * dimensions)
    for query in 0..<number {
        let query32 = vector(queries, query)
        let start = ContinuousClock.now
        let ids = search(query32)
        times.append((ContinuousClock.now - start) / .microseconds(1))
        truth.withUnsafeBytes { bytes in
            let wanted = bytes.bindMemory(to: Int32.self)[(query * found)..<((query + 1) * found)]
            hits += ids.filter { id in wanted.contains(Int32(id)) }.count
        }
    }
    times.sort()
    print(
        "\(share) \(Double(hits) / Double(number * found)) \(times[times.count / 2]) \(index.bytes)")
}
